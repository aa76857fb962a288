"""A process that runs one tool in its own environment: ``python -m benchmarks.ik.worker NAME``.

It reads one JSON object a line: ``collision`` (bool), ``dt`` [s], ``targets`` (an .npy file of
shape (n, 2, 4, 4)) and ``result`` (the .npz file to write), runs the whole trajectory, and
answers with a line: ``{}``, or ``{"error": ...}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import gc
import json
import os
import sys
from time import perf_counter_ns
import traceback
from typing import Any

import numpy as np

from benchmarks.ik.tool import Array, make_tool

_PRIORITY = 10


def run(name: str, collision: bool, dt: float, targets: Array) -> dict[str, Any]:
    """Follow all targets once from the start pose.

    Returns:
        ``time_ns`` (n,) of each tick, ``ok`` (n,), ``base`` (n, 7), ``joints`` (n, 43), and
        whether the process had real-time priority, ``alone``.
    """
    tool = make_tool(name, collision, dt)
    wishes = [tool.wish(left, right) for left, right in targets]
    time_ns, ok = np.zeros(len(wishes), int), np.zeros(len(wishes), bool)
    states = []
    with undisturbed() as alone:
        for number, wish in enumerate(wishes):
            begin = perf_counter_ns()
            ok[number] = tool.tick(wish)
            time_ns[number] = perf_counter_ns() - begin
            states.append(tool.state())
    base, joints = tool.configurations(states)
    return {'time_ns': time_ns, 'ok': ok, 'base': base, 'joints': joints, 'alone': alone}


@contextmanager
def undisturbed() -> Iterator[bool]:
    """No garbage collection, and real-time priority where that is allowed (then True)."""
    gc.collect()
    gc.disable()
    usual = os.sched_getscheduler(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
        alone = True
    except PermissionError:
        alone = False
    try:
        yield alone
    finally:
        if alone:
            os.sched_setscheduler(0, usual, os.sched_param(0))
        gc.enable()


def serve(name: str) -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)  # what libraries print must not get between the answers
    for line in sys.stdin:
        request = json.loads(line)
        try:
            targets = np.load(request['targets'])
            np.savez(request['result'], **run(name, request['collision'], request['dt'], targets))
            answer = {}
        except Exception:
            answer = {'error': traceback.format_exc()}
        answers.write(json.dumps(answer) + '\n')


if __name__ == '__main__':
    serve(sys.argv[1])

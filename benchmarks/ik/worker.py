"""A process that runs one tool in its own environment: ``python -m benchmarks.ik.worker NAME``.

It reads one JSON object a line: ``collision`` (bool), ``dt`` [s], ``targets`` (an .npy file of
shape (n, 2, 4, 4)) and ``result`` (the .npz file to write), runs the whole trajectory, and
answers with a line: ``{}``, or ``{"error": ...}``.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from time import perf_counter_ns
import traceback
from typing import Any

import numpy as np

from benchmarks.ik.tool import Array, make_tool


def run(name: str, collision: bool, dt: float, targets: Array) -> dict[str, Any]:
    """Follow all targets once from the start pose.

    Returns:
        ``time_ns`` (n,) of each tick, ``ok`` (n,), ``base`` (n, 7) and ``joints`` (n, 43).
    """
    tool = make_tool(name, collision, dt)
    wishes = [tool.wish(left, right) for left, right in targets]
    time_ns, ok = np.zeros(len(wishes), int), np.zeros(len(wishes), bool)
    states = []
    gc.collect()
    gc.disable()
    try:
        for number, wish in enumerate(wishes):
            begin = perf_counter_ns()
            ok[number] = tool.tick(wish)
            time_ns[number] = perf_counter_ns() - begin
            states.append(tool.state())
    finally:
        gc.enable()
    base, joints = tool.configurations(states)
    return {'time_ns': time_ns, 'ok': ok, 'base': base, 'joints': joints}


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

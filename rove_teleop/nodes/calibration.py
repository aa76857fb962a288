"""The service ``calibrate``: measures the operator who is being heard, and writes it down."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from pathlib import Path

from rclpy.node import Node
from std_srvs.srv import SetBool

from rove_teleop.calibration_file import save_calibration
from rove_teleop.core import types
from rove_teleop.core.calibration import calibrate
from rove_teleop.core.teleop import Teleop
from rove_teleop.errors import RoveError

_KEPT = 12_000  # samples; two minutes at 100 Hz


class CalibrationService:
    """Collects samples from a call with ``data: true`` until one with ``data: false``.

    The result counts from then on and is saved to a new file in the working directory. Nobody
    is measured while he operates.
    """

    def __init__(self, node: Node, teleop: Teleop) -> None:
        """Offer the service.

        Args:
            node: Node that offers it.
            teleop: Gets the result.
        """
        self._teleop = teleop
        self._log = node.get_logger()
        self._samples: deque[types.OperatorState] | None = None
        node.create_service(SetBool, 'calibrate', self._serve)

    def take(self, sample: types.OperatorState | None) -> None:
        """Keep the newest sample, if somebody is being measured; those of others are dropped."""
        samples = self._samples
        if samples is None or sample is None or (samples and samples[-1] is sample):
            return
        if samples and samples[-1].source_id != sample.source_id:
            samples.clear()
        samples.append(sample)

    def _serve(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if self._teleop.operated:
            response.message = 'release the robot first'
        elif request.data:
            self._samples = deque(maxlen=_KEPT)
            response.success = True
            response.message = (
                'stand still, look left, right, up and down; swing both stretched arms from '
                'hanging to the side and to the front; then call again with data: false'
            )
        else:
            response.success, response.message = self._finish()
        self._log.info(f'calibrate: {response.message}')
        return response

    def _finish(self) -> tuple[bool, str]:
        samples, self._samples = self._samples, None
        if samples is None:
            return False, 'nothing was begun; call with data: true first'
        path = Path(f'calibration_{datetime.now():%Y%m%d-%H%M%S}.yaml').absolute()
        try:
            found = calibrate(samples[-1].source_id if samples else '', samples)
            save_calibration(found, path)
        except RoveError as error:
            return False, str(error)
        self._teleop.calibrate(found)
        return True, (
            f'arm {found.arm_length:.3f} m, neck {list(found.neck)} m from the head: '
            f'1 m of hand is {self._teleop.scale:.2f} m of palm; saved as {path}'
        )

"""Pictures as ROS messages: JPEG, and the pinhole model that belongs to it."""

from __future__ import annotations

from builtin_interfaces.msg import Time
import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage

from rove_teleop.cameras.camera import Intrinsics
from rove_teleop.core.types import Array

COMPRESSED_TYPE = 'sensor_msgs/msg/CompressedImage'


def compressed_topic(camera: str) -> str:
    """Topic of a camera's JPEG pictures."""
    return f'{camera}_camera/image/compressed'


def optical_frame(camera: str) -> str:
    """TF frame of a camera: z forward, x right, y down (REP 103)."""
    return f'{camera}_camera_optical_frame'


def compress(image: Array, camera: str, stamp: Time, quality: int = 85) -> CompressedImage:
    """JPEG message of an RGB image.

    Args:
        image: RGB, uint8 (H, W, 3).
        camera: Name of the camera.
        stamp: When it was taken.
        quality: Of the JPEG, 0 to 100.
    """
    done, data = cv2.imencode(
        '.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    assert done  # cannot fail for a checked uint8 image
    msg = CompressedImage(format='jpeg', data=data.tobytes())
    msg.header.stamp, msg.header.frame_id = stamp, optical_frame(camera)
    return msg


def decode(msg: CompressedImage) -> Array | None:
    """RGB image (H, W, 3), uint8, of a message; None when its data is no picture."""
    data = np.frombuffer(msg.data, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def camera_info(intrinsics: Intrinsics, camera: str, stamp: Time) -> CameraInfo:
    """Pinhole model of a camera without distortion."""
    fx, fy, cx, cy = intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy
    msg = CameraInfo(
        width=intrinsics.width,
        height=intrinsics.height,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )
    msg.header.stamp, msg.header.frame_id = stamp, optical_frame(camera)
    return msg

"""Every test process talks ROS in a domain of its own, on this machine only."""

from __future__ import annotations

import os

from rove_bringup.environment import prepare

os.environ.pop('ROS_DOMAIN_ID', None)
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
prepare()

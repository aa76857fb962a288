"""Tasks: where the objects start, and when the robot has done it."""

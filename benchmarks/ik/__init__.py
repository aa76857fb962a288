"""Whole-body inverse kinematics: one task for every tool, and one judge of what it did."""

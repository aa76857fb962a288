"""Limits: each gives velocity bounds or inequality rows that always leave standing still."""

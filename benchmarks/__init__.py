"""Measurements against other projects, run from a source checkout by ``./rove bench``."""

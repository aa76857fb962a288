"""Hand retargeting backends that need an optional package."""

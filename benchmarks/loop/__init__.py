"""The real processes on wall time: how late, how slow, how far behind the operator."""

"""Taking over and giving back, measured beside the ways others do it."""

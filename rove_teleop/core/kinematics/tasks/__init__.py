"""Tasks: each writes weighted rows ``J nu = b`` that the solver meets in the least squares."""

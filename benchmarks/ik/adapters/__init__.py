"""One file per tool; each is imported only where that tool is installed."""

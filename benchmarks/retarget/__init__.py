"""Parts of ``bench_retarget``."""

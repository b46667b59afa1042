"""Side-by-side runs against peers and against the least work possible: `python -m benchmarks [NAME ...]`."""

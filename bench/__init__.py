"""The benchmarks behind `make bench`. Each prints ratios to a baseline measured in the same run, never a bare time."""

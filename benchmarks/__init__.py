"""Benchmarks of the suite and other tools in one run. Compare ratios, which depend less on the machine. No tests."""

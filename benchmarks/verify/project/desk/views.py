"""The views are written by `benchmarks.verify.cases`."""

VIEWS = []

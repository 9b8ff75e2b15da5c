"""The benchmarks: `make bench`. Each figure is one JSON line, a ratio taken within one run against a baseline by hand."""

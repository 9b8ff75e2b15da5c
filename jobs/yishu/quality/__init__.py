"""4. Suites at work: conditions, standards, results."""

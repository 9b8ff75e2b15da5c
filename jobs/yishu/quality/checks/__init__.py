"""One module per standard: its native Spark expression, the GX metric that carries it, the GX expectation by its name."""

"""5. How data moves; `pipeline.py` is the table of contents."""

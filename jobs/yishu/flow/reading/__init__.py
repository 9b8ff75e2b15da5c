"""A delivered file → record batches in bronze's columns, one module per form; nothing in a cell is changed."""

"""6. The believable province: extracts as departments send them, and what was planted."""

"""1. What a dataset is: contracts, elements, departments and code lists, read, checked and bound together."""

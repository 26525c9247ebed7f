"""The JSON interface, below `/api`."""

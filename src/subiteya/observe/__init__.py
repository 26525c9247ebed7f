"""Structured logs and metrics: the leaf that everyone writes to."""

"""Thin BullMQ processes around the pipelines: edit, upload, and the sweeps."""

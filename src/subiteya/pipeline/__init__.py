"""The two journeys as ordered steps with checkpoints: edit and publish."""

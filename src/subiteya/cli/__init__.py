"""The operator's front door: `subiteya …`."""

from subiteya.cli.app import main

__all__ = ["main"]

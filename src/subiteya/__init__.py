"""SubiteYa: brand a raw clip and post it to TikTok, exactly once, and tell the truth about it."""

__version__ = "0.1.0"

"""The tables. Import from here, so that the metadata is complete."""

from subiteya.db.models.access import ApiKey, LoginLink, Session, User
from subiteya.db.models.audit import Audit
from subiteya.db.models.base import Base
from subiteya.db.models.brand import Account, Asset, BrandPattern
from subiteya.db.models.post import Post
from subiteya.db.models.render import AccountRender, Render
from subiteya.db.models.segment import Segment
from subiteya.db.models.video import Upload, Video
from subiteya.db.models.work import Event, Heartbeat, Job, Lease, Metered, Outbox, RateSlot

__all__ = [
    "Account",
    "AccountRender",
    "ApiKey",
    "Asset",
    "Audit",
    "Base",
    "BrandPattern",
    "Event",
    "Heartbeat",
    "Job",
    "Lease",
    "LoginLink",
    "Metered",
    "Outbox",
    "Post",
    "RateSlot",
    "Render",
    "Segment",
    "Session",
    "Upload",
    "User",
    "Video",
]

"""What a user may do with the service itself; their own videos are everybody's own."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A user's role, as the column `user.role` holds it."""

    OWNER = "owner"
    """Whoever runs the service; made at the first start."""
    ADMIN = "admin"
    """Looks after the queues beside the owner."""
    VIEWER = "viewer"
    """Sees the queues and changes nothing there."""
    CREATOR = "creator"
    """Has videos, and nothing to do with the queues."""

    @property
    def sees_queues(self) -> bool:
        """Whether the queue dashboard opens."""
        return self is not Role.CREATOR

    @property
    def operates_queues(self) -> bool:
        """Whether its buttons do something."""
        return self in {Role.OWNER, Role.ADMIN}


def role_of(word: str) -> Role:
    """The role that a column's word names; the least one when nobody knows the word."""
    return Role(word) if word in set(Role) else Role.CREATOR

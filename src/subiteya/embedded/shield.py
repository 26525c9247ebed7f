"""How PostgreSQL is kept from seeing that we are root, which it refuses to be. `launch.py` does it."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from subiteya.embedded.errors import StackError
from subiteya.embedded.process import NO_SHIELD

ROOT_REFUSED = (
    "PostgreSQL refuses to run as root, and nothing that would shield it is allowed here. "
    "Start SubiteYa as another user, or name a server of your own in DATABASE_URL."
)


def possible_shields() -> Sequence[str]:
    """What to try for a new data folder, best first.

    Raises:
        StackError: We are root on a system that has no shield.
    """
    if os.geteuid() != 0:
        return (NO_SHIELD,)
    if sys.platform != "linux":
        raise StackError(ROOT_REFUSED)
    other = _another_user()
    return (f"namespace:{other.pw_uid}", f"drop:{other.pw_uid}:{other.pw_gid}")


def shield_of(data: Path) -> str:
    """The shield under which an existing data folder was made; its owner tells."""
    owner = data.stat()
    if os.geteuid() != 0:
        return NO_SHIELD
    if owner.st_uid == 0:
        return possible_shields()[0]
    return f"drop:{owner.st_uid}:{owner.st_gid}"


def _another_user() -> pwd.struct_passwd:
    """Any user that the system knows by name, because PostgreSQL's programs ask for it."""
    users = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
    for name in ("postgres", "nobody"):
        if name in users:
            return users[name]
    if not users:
        raise StackError(ROOT_REFUSED)
    return next(iter(users.values()))

"""Who may look at the queues, and who may act on them; every act goes through the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from subiteya.db.models import User
from subiteya.domain.errors import NotAllowed
from subiteya.domain.roles import role_of
from subiteya.http.deps import CurrentUser, ResourcesDep
from subiteya.queue.board_cache import BoardCache
from subiteya.services.audit import Actor, audited


def board_of(request: Request) -> BoardCache:
    """What everybody who watches shares."""
    return cast("BoardCache", request.app.state.board)


BoardDep = Annotated[BoardCache, Depends(board_of)]
"""`board: BoardDep`: both queues as they were seconds ago."""


async def viewer(user: CurrentUser) -> User:
    """Somebody who may look.

    Raises:
        NotAllowed: a creator, who has nothing to do with the queues.
    """
    if not role_of(user.role).sees_queues:
        raise NotAllowed(why="this is for those who run the service")
    return user


Viewer = Annotated[User, Depends(viewer)]
"""`user: Viewer`: owner, admin, or who may only look."""


class Act:
    """`async with act(action, target) as kept`: logged, and refused to who may only look."""

    def __init__(self, user: Viewer, resources: ResourcesDep, board: BoardDep) -> None:
        self._user = user
        self._resources = resources
        self._board = board

    @property
    def actor(self) -> str:
        """Who acts, for timelines."""
        return Actor.of(self._user).word

    @asynccontextmanager
    async def __call__(self, action: str, target: str, **detail: object) -> AsyncIterator[dict[str, Any]]:
        """Log an action around its doing; what is kept beside it may be added to.

        Raises:
            NotAllowed: the user may only look; that they tried is logged too.
        """
        try:
            async with audited(self._resources, Actor.of(self._user), action, target, **detail) as kept:
                if not role_of(self._user.role).operates_queues:
                    raise NotAllowed(why="your role may look at the queues, and not act on them")
                yield kept
        finally:
            self._board.forget()


ActDep = Annotated[Act, Depends()]
"""`act: ActDep`: the way to do something as whoever asks."""

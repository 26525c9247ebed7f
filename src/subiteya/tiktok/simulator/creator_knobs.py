"""Knobs for accounts: make and change them, let them authorize, disconnect, lose their tokens."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import Field, ValidationError

from subiteya.tiktok.simulator import creators, lifecycle, tokens
from subiteya.tiktok.simulator.authorize_rules import ParameterError, is_desktop
from subiteya.tiktok.simulator.config import CreatorSpec
from subiteya.tiktok.simulator.knob_bodies import Body, PartsDep, problems
from subiteya.tiktok.simulator.parts import same_origin
from subiteya.tiktok.simulator.records import Creator, TokenKind
from subiteya.tiktok.simulator.store import Database

router = APIRouter(prefix="/simulator/creators", dependencies=[Depends(same_origin)])


class Authorize(Body):
    """What an authorization without a browser grants."""

    scopes: tuple[str, ...] | None = Field(None, description="None: everything the app is approved for.")
    redirect_uri: str | None = Field(None, description="What the token call must repeat; none: anything.")
    code_challenge: str | None = None


class Disconnect(Body):
    """Why the creator's connection ends."""

    reason: Literal[0, 1, 2, 3, 4, 5] = Field(
        1, description="0 unknown, 1 user, 2 account deleted, 3 age changed, 4 banned, 5 developer."
    )


class KillTokens(Body):
    """Which of the creator's tokens die."""

    kind: TokenKind | None = Field(None, description="None: both.")


@router.get("")
async def get_creators(parts: PartsDep) -> list[Creator]:
    """All accounts, oldest first."""
    return await parts.store.run(creators.list_creators)


@router.post("", status_code=201)
async def make_creator(spec: CreatorSpec, parts: PartsDep, response: Response) -> Creator:
    """Make an account, or set up anew the one with this handle (then 200)."""
    creator, new = await parts.store.run(lambda db: creators.save_creator(db, spec, parts.clock.epoch()))
    response.status_code = 201 if new else 200
    return creator


@router.patch("/{open_id}")
async def change_creator(open_id: str, changes: dict[str, Any], parts: PartsDep) -> Creator:
    """Change some of an account's settings, as its owner would in the app."""

    def change(db: Database) -> Creator:
        creator = _creator(db, open_id)
        now = creator.model_dump(include=set(CreatorSpec.model_fields))
        spec = _valid(CreatorSpec, now | changes)
        if spec.username != creator.username and creators.find_by_username(db, spec.username):
            raise HTTPException(409, "Another account has this handle.")
        return creators.change_creator(db, creator, **spec.model_dump())

    return await parts.store.run(change)


@router.post("/{open_id}/authorize")
async def authorize(open_id: str, wish: Authorize, parts: PartsDep) -> dict[str, Any]:
    """Let the creator authorize the app without a browser; the code goes to the token endpoint."""

    def mint(db: Database) -> dict[str, Any]:
        creator = _creator(db, open_id)
        scopes = wish.scopes if wish.scopes is not None else parts.switches.approved_scopes
        try:
            desktop = wish.redirect_uri is None or is_desktop(wish.redirect_uri)
        except ParameterError as error:
            raise HTTPException(422, str(error)) from error
        code = tokens.mint_code(
            db,
            client_key=parts.config.client_key,
            open_id=creator.open_id,
            scopes=scopes,
            redirect_uri=wish.redirect_uri,
            code_challenge=wish.code_challenge,
            desktop=desktop,
            expires_at=parts.clock.epoch() + parts.switches.code_seconds,
        )
        return {"code": code, "scopes": ",".join(scopes), "redirect_uri": wish.redirect_uri}

    return await parts.store.run(mint)


@router.post("/{open_id}/disconnect", status_code=204)
async def disconnect(open_id: str, why: Disconnect, parts: PartsDep) -> None:
    """End the creator's connection: tokens die, unfinished publishes fail, the app is told by webhook."""
    await parts.store.run(
        lambda db: lifecycle.remove_authorization(
            db,
            parts.switches,
            client_key=parts.config.client_key,
            open_id=_creator(db, open_id).open_id,
            reason=why.reason,
            now=parts.clock.epoch(),
        )
    )
    parts.wake()


@router.post("/{open_id}/kill-tokens")
async def kill_tokens(open_id: str, which: KillTokens, parts: PartsDep) -> dict[str, int]:
    """Make the creator's tokens useless now, without a word."""
    killed = await parts.store.run(
        lambda db: tokens.kill(db, parts.config.client_key, _creator(db, open_id).open_id, which.kind)
    )
    return {"killed": killed}


def _creator(db: Database, open_id: str) -> Creator:
    creator = db.get(Creator, open_id)
    if creator is None:
        raise HTTPException(404, "No creator has this open_id.")
    return creator


def _valid(model: type[CreatorSpec], values: dict[str, Any]) -> CreatorSpec:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise HTTPException(422, problems(error)) from error

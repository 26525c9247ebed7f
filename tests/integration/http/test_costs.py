"""The cost meter by API: the same JSON as in the terminal, for those who run the service."""

from __future__ import annotations

import asyncio
import json

import httpx2
import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from fixtures.somebody import somebody
from subiteya.cli.app import app as command
from subiteya.domain.roles import Role
from subiteya.observe.meter import Meter, Used
from subiteya.services.resources import Resources
from subiteya.services.write_meter import write_meter

COSTS = "/api/admin/costs"


async def test_api_and_terminal_tell_the_same(client: httpx2.AsyncClient, resources: Resources) -> None:
    meter = Meter()
    meter.add(Used.S3_WRITES, 7)
    await write_meter(resources.db, meter)
    told = (await client.get(COSTS)).json()
    typed = await asyncio.to_thread(CliRunner().invoke, command, ["costs", "--json"])
    assert (told["counts"]["s3_writes"]["today"], told["stored_bytes"], told["quotas"]) == (7, 0, [])
    assert {price["service"] for price in told["prices"]} == {"redis", "storage"}
    still = {"at", "counts", "prices"}  # time passes, and the terminal's own commands are counted
    assert without(told, still) == without(json.loads(typed.output), still)
    assert told.keys() == json.loads(typed.output).keys()


def without(told: dict[str, object], names: set[str]) -> dict[str, object]:
    return {name: value for name, value in told.items() if name not in names}


@pytest.mark.parametrize(("role", "status"), [(Role.ADMIN, 200), (Role.VIEWER, 200), (Role.CREATOR, 403)])
async def test_who_sees_the_costs(app: FastAPI, resources: Resources, role: Role, status: int) -> None:
    async with somebody(app, resources, role) as client:
        assert (await client.get(COSTS)).status_code == status

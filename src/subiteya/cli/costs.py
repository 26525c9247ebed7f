"""`subiteya costs`: what was used and what it comes to, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from subiteya.cli.access import stack_settings
from subiteya.cli.running import language, run
from subiteya.observe.meter import Used
from subiteya.services.resources import open_resources
from subiteya.watch.costs import GB, LEVELS, Costs, Quota, get_costs
from subiteya.watch.costs_out import costs_out
from subiteya.watch.prices import read_prices

_WORDS: Final = {
    "used": ("Used", "Usado"),
    "today": ("today", "hoy"),
    "by midnight": ("by midnight", "a medianoche"),
    "month": ("this month", "este mes"),
    "by month's end": ("by month's end", "a fin de mes"),
    Used.REDIS_COMMANDS: ("Redis commands", "Comandos de Redis"),
    Used.S3_WRITES: ("S3 write requests", "Solicitudes S3 de escritura"),
    Used.S3_READS: ("S3 read requests", "Solicitudes S3 de lectura"),
    Used.S3_BYTES_IN: ("GB into the bucket", "GB hacia el bucket"),
    Used.S3_BYTES_OUT: ("GB out of the bucket", "GB desde el bucket"),
    "stored": ("GB stored", "GB guardados"),
    "price": ("The month, elsewhere", "El mes, en otros sitios"),
    "a month": ("US$ a month", "US$ al mes"),
    "as of": ("prices as of", "precios del"),
    "quota": ("Quota", "Cuota"),
    "limit": ("limit", "límite"),
}
_COLOURS: Final = {0: "green", LEVELS[0]: "yellow", LEVELS[1]: "dark_orange", LEVELS[2]: "bold red"}


def costs(as_json: Annotated[bool, typer.Option("--json", help="JSON for scripts.")] = False) -> None:
    """Show what was used of Redis and the bucket, where the month will end, and what that costs."""
    found = run(_costs())
    if as_json:
        typer.echo(costs_out(found).model_dump_json())
        return
    console = Console()
    for part in costs_parts(found, language()):
        console.print(part)
        console.print()


async def _costs() -> Costs:
    settings = stack_settings()
    prices = read_prices(settings.costs.prices_file)
    async with open_resources(settings) as resources, resources.db.begin() as session:
        return await get_costs(session, settings.costs, prices)


def costs_parts(found: Costs, spoken: str) -> Iterator[RenderableType]:
    """Three tables for 80 columns: used, prices, quotas."""
    yield _used(found, spoken)
    yield _prices(found, spoken)
    if found.quotas:
        yield _quotas(found, spoken)


def _used(found: Costs, spoken: str) -> Table:
    table = _table(spoken, "used", "today", "by midnight", "month", "by month's end")
    for used, counted in found.counts.items():
        scale = GB if used in {Used.S3_BYTES_IN, Used.S3_BYTES_OUT} else 1
        table.add_row(
            _word(used, spoken),
            *(_number(value / scale) for value in (counted.today, counted.today_projected)),
            *(_number(value / scale) for value in (counted.month, counted.month_projected)),
        )
    table.add_row(_word("stored", spoken), _number(found.stored_bytes / GB), "", "", "")
    return table


def _prices(found: Costs, spoken: str) -> Table:
    table = _table(spoken, "price", "a month")
    for price in found.prices:
        table.add_row(price.title, f"{price.usd_month:,.2f}")
    table.caption = f"{_word('as of', spoken)} {found.prices_as_of.isoformat()}"
    table.caption_justify = "left"
    return table


def _quotas(found: Costs, spoken: str) -> Table:
    table = _table(spoken, "quota", "used", "limit", "by month's end", "%")
    for quota in found.quotas:
        table.add_row(
            quota.name,
            _number(quota.used),
            _number(quota.limit),
            _number(quota.projected),
            _percent(quota),
        )
    return table


def _percent(quota: Quota) -> Text:
    return Text(f"{quota.percent:.0f} %", _COLOURS[quota.level])


def _table(spoken: str, first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(_word(first, spoken))
    for name in others:
        table.add_column(_word(name, spoken), justify="right")
    return table


def _word(key: str, spoken: str) -> str:
    english, spanish = _WORDS.get(key, (key, key))
    return spanish if spoken == "es" else english


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.3f}"

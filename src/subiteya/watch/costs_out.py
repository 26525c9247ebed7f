"""The cost meter as JSON: the same for `subiteya costs --json` and the API."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from subiteya.observe.meter import Used
from subiteya.watch.costs import Costs, Quota


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CountedOut(_Out):
    """One thing that is billed: used so far, and where it will end if it goes on like this."""

    today: int = Field(description="Since midnight, UTC.", examples=[1840])
    today_projected: int = Field(description="By midnight.", examples=[4100])
    month: int = Field(description="Since the first of the month.", examples=[61_200])
    month_projected: int = Field(description="By its end.", examples=[123_000])


class PriceOut(_Out):
    """What one provider would ask for the projected month."""

    service: str = Field(description="`redis` or `storage`.", examples=["redis"])
    provider: str = Field(description="Its name in the price table.", examples=["upstash"])
    title: str = Field(examples=["Upstash, pay as you go"])
    source: str = Field(description="Where the price stands.", examples=["https://upstash.com/pricing/redis"])
    usd_month: float = Field(description="US dollars.", examples=[0.25])


class QuotaOut(_Out):
    """A limit that the operator has set, and how full it is."""

    name: str = Field(
        description="`redis_commands` (a month), `storage_gb` or `usd` (a month).",
        examples=["redis_commands"],
    )
    limit: float = Field(examples=[500_000])
    used: float = Field(description="So far this month; stored now.", examples=[355_000])
    projected: float = Field(description="At the end of the month.", examples=[490_000])
    percent: float = Field(description="`used` of `limit`.", examples=[71.0])
    level: int = Field(
        description="The highest of 70, 85 and 100 per cent that is reached, or 0.", examples=[70]
    )


class CostsOut(BaseModel):
    """What was used, what the month will come to, and what that costs at each provider."""

    at: datetime = Field(description="When it was read.", examples=["2026-11-05T19:32:00Z"])
    counts: dict[Used, CountedOut] = Field(description="By what is billed; bytes for the last two.")
    stored_bytes: int = Field(description="In the bucket, by the rows.", examples=[7_340_032])
    prices_as_of: date = Field(description="The day of the price table.", examples=["2026-11-24"])
    prices: list[PriceOut]
    quotas: list[QuotaOut] = Field(description="Those that are set.")


def costs_out(found: Costs) -> CostsOut:
    """The cost meter for programs."""
    return CostsOut(
        at=found.at,
        counts={used: CountedOut.model_validate(counted) for used, counted in found.counts.items()},
        stored_bytes=found.stored_bytes,
        prices_as_of=found.prices_as_of,
        prices=[PriceOut.model_validate(price) for price in found.prices],
        quotas=[_quota_out(quota) for quota in found.quotas],
    )


def _quota_out(quota: Quota) -> QuotaOut:
    told = QuotaOut.model_validate(quota)
    return told.model_copy(update={"percent": round(quota.percent, 2)})

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from subiteya.domain.errors import ConfigurationError
from subiteya.observe.meter import Meter, Used
from subiteya.watch.costs import Counted, price, project, quota
from subiteya.watch.prices import RedisPrice, StoragePrice, read_prices

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def test_a_day_goes_on_as_it_was_and_the_month_as_the_last_week() -> None:
    days = {date(2026, 11, day): 1_000 for day in range(3, 10)}
    days[date(2026, 11, 10)] = 700
    counted = project(days, NOON)
    assert counted == Counted(today=700, today_projected=1_400, month=7_700, month_projected=28_400)


def test_days_of_the_month_before_tell_what_is_usual_but_are_not_counted() -> None:
    days = {date(2026, 10, 31): 300, date(2026, 11, 1): 50}
    counted = project(days, datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert (counted.month, counted.month_projected) == (50, 100 + 29 * 300)


def test_without_a_week_behind_it_today_is_usual() -> None:
    assert project({NOON.date(): 10}, NOON).month_projected == 20 * 21


def test_a_day_without_a_count_within_the_week_is_a_day_of_rest() -> None:
    days = {date(2026, 11, 8): 100, NOON.date(): 0}
    assert project(days, NOON).month_projected == 100 + 50 * 20


def test_minutes_after_midnight_nothing_is_projected_for_the_day() -> None:
    just = datetime(2026, 11, 10, 0, 5, tzinfo=UTC)
    assert project({just.date(): 40}, just).today_projected == 40


def test_nothing_used_is_nothing() -> None:
    assert project({}, NOON) == Counted(0, 0, 0, 0)


@pytest.mark.parametrize(("commands", "usd"), [(0, 0), (500_000, 0), (500_001, 1.000002), (2_000_000, 4)])
def test_upstash_is_free_up_to_its_plan_and_bills_every_command_above(commands: int, usd: float) -> None:
    row = read_prices().redis["upstash"]
    assert row.month(commands) == pytest.approx(usd)


def test_storage_bills_what_is_above_the_free_part_of_each() -> None:
    row = StoragePrice(
        title="t", source="s", free_gb=10, per_gb_month=0.1, free_writes=1_000_000, per_million_writes=5,
        free_reads=0, per_million_reads=0.4, free_gb_out=100, per_gb_out=0.09,
    )  # fmt: skip
    assert row.month(gb=30, writes=3_000_000, reads=500_000, gb_out=99) == pytest.approx(2 + 10 + 0.2)


def test_every_provider_of_the_table_gets_a_price() -> None:
    prices = read_prices()
    counts = {used: Counted(0, 0, 0, 1_000_000) for used in Used}
    found = price(prices, counts, 20_000_000_000)
    assert {(row.service, row.provider) for row in found} == {
        ("redis", "upstash"),
        ("storage", "s3"),
        ("storage", "r2"),
    }
    by_name = {row.provider: row.usd_month for row in found}
    assert by_name["upstash"] == pytest.approx(2.0)
    assert by_name["s3"] == pytest.approx(20 * 0.023 + 5 + 0.4)
    assert by_name["r2"] == pytest.approx(10 * 0.015)


@pytest.mark.parametrize(
    ("used", "level"),
    [(0, 0), (699, 0), (700, 70), (849, 70), (850, 85), (999, 85), (1_000, 100), (5_000, 100)],
)
def test_a_quota_has_three_levels(used: float, level: int) -> None:
    assert quota("redis_commands", 1_000, used, used).level == level


def test_prices_may_be_replaced(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        'as_of = 2027-01-01\n[storage]\n[redis.own]\ntitle = "Ours"\nsource = "bill"\n'
        "free_commands = 0\nper_million_commands = 0.1\n"
    )
    assert read_prices(file).redis == {
        "own": RedisPrice(title="Ours", source="bill", free_commands=0, per_million_commands=0.1)
    }


@pytest.mark.parametrize("text", ["as_of = ", "as_of = 2027-01-01\nredis = 3\n[storage]\n", None])
def test_a_table_that_cannot_be_used_is_named_by_its_setting(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "prices.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationError, match="PRICES_FILE"):
        read_prices(file)


def test_a_meter_forgets_what_was_taken_and_takes_it_back() -> None:
    meter = Meter()
    meter.add(Used.S3_READS)
    meter.add(Used.S3_BYTES_OUT, 500)
    meter.add(Used.S3_BYTES_IN, 0)
    counts = meter.take()
    assert counts == {Used.S3_READS: 1, Used.S3_BYTES_OUT: 500}
    assert meter.take() == {}
    meter.add(Used.S3_READS)
    meter.give_back(counts)
    assert meter.take() == {Used.S3_READS: 2, Used.S3_BYTES_OUT: 500}

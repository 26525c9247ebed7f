"""What a month of a size costs, at the prices that `subiteya costs` reckons with. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from _needs import Needs
from _service import Load, Service
from subiteya.watch.prices import Prices, StoragePrice

DAYS = 30


@dataclass(frozen=True, slots=True)
class Bill:
    """US dollars a month."""

    edit: float
    edit_fixed: float
    """As many workers as the busiest minute needs, all day."""
    upload: float
    redis: float
    s3: float
    r2: float
    cents_per_video: float
    """Scaled workers, Redis by the command, R2."""

    def figures(self) -> dict[str, Any]:
        """By name, for `--json`."""
        return {
            "usd_edit_workers": round(self.edit),
            "usd_edit_workers_fixed": round(self.edit_fixed),
            "usd_upload_workers": round(self.upload),
            "usd_redis_upstash": round(self.redis, 2),
            "usd_s3": round(self.s3),
            "usd_r2": round(self.r2),
            "cents_per_video": round(self.cents_per_video, 2),
        }


def bill_of(service: Service, load: Load, need: Needs, prices: Prices) -> Bill:
    """The bill of a size. PostgreSQL and the api are left out: both fit on one machine of fixed price."""
    core_month = DAYS * service.usd_per_core_hour
    edit = need.edit_worker_hours * service.edit_slots * core_month
    upload = need.upload_worker_hours * service.upload_slots * core_month
    redis = prices.redis["upstash"].month(need.commands_per_day * DAYS)
    r2 = _storage(service, load, prices.storage["r2"])
    videos = load.videos * DAYS
    return Bill(
        edit=edit,
        edit_fixed=need.edit_workers[1] * service.edit_slots * 24 * core_month,
        upload=upload,
        redis=redis,
        s3=_storage(service, load, prices.storage["s3"]),
        r2=r2,
        cents_per_video=(edit + upload + redis + r2) / videos * 100,
    )


def _storage(service: Service, load: Load, price: StoragePrice) -> float:
    clip_s = service.clip_s * math.exp(service.clip_spread**2 / 2)
    source_gb, edited_gb = (
        clip_s * rate / 1000 for rate in (service.source_mb_per_s, service.edited_mb_per_s)
    )
    month = load.videos * DAYS
    return price.month(
        gb=load.videos * (source_gb + edited_gb * service.keep_days),
        writes=month * service.s3_writes_per_video,
        reads=month * service.s3_reads_per_video,
        gb_out=month * (source_gb + edited_gb),  # both are read once, by workers elsewhere
    )

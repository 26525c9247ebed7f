"""Settings, in sections, from the environment: the seed's names, typed, with secrets that print as stars.

Nothing here reads a file or keeps a global: `Settings()` reads the environment once, and whoever starts a
process hands the result down.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings

from subiteya.config.costs import CostSettings
from subiteya.config.engines import DatabaseSettings, HomeSettings, QueueSettings, StorageSettings
from subiteya.config.serving import HttpSettings, ObserveSettings, SecuritySettings
from subiteya.config.words import TranscribeSettings
from subiteya.config.work import EditSettings, JobSettings, TikTokSettings, UploadSettings

__all__ = [
    "SECTIONS",
    "CostSettings",
    "DatabaseSettings",
    "EditSettings",
    "HomeSettings",
    "HttpSettings",
    "JobSettings",
    "ObserveSettings",
    "QueueSettings",
    "SecuritySettings",
    "Settings",
    "StorageSettings",
    "TikTokSettings",
    "TranscribeSettings",
    "UploadSettings",
]

SECTIONS: tuple[type[BaseSettings], ...] = (
    HomeSettings,
    DatabaseSettings,
    QueueSettings,
    StorageSettings,
    EditSettings,
    TranscribeSettings,
    UploadSettings,
    JobSettings,
    TikTokSettings,
    HttpSettings,
    SecuritySettings,
    ObserveSettings,
    CostSettings,
)


class Settings(BaseModel):
    """Every section, read from the environment when made.

    A plain model: as settings, its field `home` would be read from the variable HOME.
    """

    model_config = ConfigDict(frozen=True)

    home: HomeSettings = Field(default_factory=HomeSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    queue: QueueSettings = Field(default_factory=QueueSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    edit: EditSettings = Field(default_factory=EditSettings)
    transcribe: TranscribeSettings = Field(default_factory=TranscribeSettings)
    upload: UploadSettings = Field(default_factory=UploadSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    tiktok: TikTokSettings = Field(default_factory=TikTokSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    security: SecuritySettings = Field(default_factory=SecuritySettings)
    observe: ObserveSettings = Field(default_factory=ObserveSettings)
    costs: CostSettings = Field(default_factory=CostSettings)

from __future__ import annotations

import pytest

from subiteya.config import StorageSettings
from subiteya.http.headers import storage_origins


@pytest.mark.parametrize(
    ("changes", "origins"),
    [
        ({"endpoint": "http://127.0.0.1:8333", "force_path_style": True}, ("http://127.0.0.1:8333",)),
        (
            {
                "endpoint": "http://s3:8333",
                "public_endpoint": "https://files.example/",
                "force_path_style": True,
            },
            ("https://files.example",),
        ),
        (
            {"endpoint": "https://abc.r2.cloudflarestorage.com", "bucket": "clips"},
            ("https://abc.r2.cloudflarestorage.com", "https://clips.abc.r2.cloudflarestorage.com"),
        ),
        ({"bucket": "clips", "region": "sa-east-1"}, ("https://clips.s3.sa-east-1.amazonaws.com",)),
    ],
)
def test_the_policy_names_where_presigned_addresses_lead(
    changes: dict[str, object], origins: tuple[str, ...]
) -> None:
    settings = StorageSettings().model_copy(update=changes)
    assert storage_origins(settings) == origins

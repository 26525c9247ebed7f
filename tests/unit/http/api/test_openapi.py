"""The description of the API is whole: whoever reads only it can use all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.routing import Route

from subiteya.config import Settings
from subiteya.http.app import API_ROUTERS, create_app


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_route_is_described(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    served = {
        (method, f"/api{route.path}")
        for router in API_ROUTERS
        for route in router.routes
        if isinstance(route, Route) and route.include_in_schema
        for method in (route.methods or set()) - {"HEAD"}
    }

    assert served
    assert served <= described


def test_every_operation_says_what_it_does_and_how_it_refuses(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        if "{" in name:
            assert "404" in operation["responses"], name
        if operation.get("security"):
            assert "401" in operation["responses"], name


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/([\w.-]+)", json.dumps(document)))

    assert named
    assert named <= set(document["components"]["schemas"])


def test_every_field_of_ours_has_an_example_or_says_its_values(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Spec") or name == "Problem":
            continue  # the brand pattern describes itself field by field, and has an example as a whole
        for field, described in schema.get("properties", {}).items():
            speaks = {"examples", "example", "default", "enum", "const", "$ref"} & set(described)
            refers = "$ref" in json.dumps(described)
            # What may be left out and be null needs no example of being left out.
            optional = field not in schema.get("required", ()) and '"null"' in json.dumps(described)
            assert speaks or refers or optional, f"{name}.{field}"


def test_a_video_comes_as_a_form_or_as_json(document: dict[str, Any]) -> None:
    content = document["paths"]["/api/videos"]["post"]["requestBody"]["content"]

    assert set(content["multipart/form-data"]["schema"]["properties"]) == {"file", "subtitles", "title"}
    assert {"key", "srcUrl", "subtitles"} <= set(content["application/json"]["schema"]["properties"])
    assert "202" in document["paths"]["/api/videos/{video_id}/confirm"]["post"]["responses"]
    assert "202" in document["paths"]["/api/videos/{video_id}/queue-upload"]["post"]["responses"]

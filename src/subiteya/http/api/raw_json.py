"""JSON bodies of routes that read their request themselves, because they take forms as well."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from subiteya.domain.errors import TooLarge
from subiteya.domain.sizes import readable_size
from subiteya.http.api.forms import WrongType

Model = TypeVar("Model", bound=BaseModel)


async def read_json(request: Request, model: type[Model], limit: int) -> Model:
    """The body, at most `limit` bytes, as FastAPI would have read it.

    Raises:
        WrongType: the request carries something else.
        TooLarge: more bytes.
        RequestValidationError: it does not validate.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WrongType(what="content-type", expected="multipart/form-data, application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(limit=readable_size(limit))
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in found]) from error


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """For the API's description, as FastAPI sees no such body; what it refers to, others bring along."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return schema

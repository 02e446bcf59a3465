"""What every handler needs to know of a request."""

from __future__ import annotations

import json
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.rancher.access import Caller
from sandbox.rancher.failures import invalid, missing
from sandbox.rancher.names import Document


def caller(request: Request) -> Caller:
    """Return who asks; the gate has found out."""
    return cast("Caller", request.state.caller)


def base(request: Request) -> str:
    """Return the address by which the client came: all links start with it."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    host = request.headers.get("x-forwarded-host") or request.headers.get("host", "")
    return f"{scheme}://{host}"


def matches(request: Request, document: Document, *fields: str) -> bool:
    """Tell whether a document has what the query asks of these fields."""
    query = request.query_params
    return all(document[field] == query[field] for field in fields if field in query)


async def body(request: Request) -> Document:
    """Return the document that was sent; refuse anything else."""
    try:
        found: Any = json.loads(await request.body())
    except ValueError as error:
        raise invalid("InvalidBodyContent", f"failed to parse body: {error}") from None
    if not isinstance(found, dict):
        raise invalid("InvalidBodyContent", "the body must be an object")
    return cast("Document", found)


def text(given: Document, field: str, *, required: bool = False) -> str:
    """Return a text of a body; null is as good as nothing."""
    found = given.get(field) or ""
    if not isinstance(found, str):
        raise invalid("InvalidFormat", "must be a string", field)
    if required and not found:
        raise missing(field)
    return found


def mapping(given: Document, field: str) -> Document | None:
    """Return a nested document of a body, or None if it is absent or null."""
    found: Any = given.get(field)
    if found is None:
        return None
    if not isinstance(found, dict):
        raise invalid("InvalidFormat", "must be an object", field)
    return cast("Document", found)


def texts(given: Document, field: str) -> dict[str, str] | None:
    """Return a map of texts of a body, or None if it is absent or null."""
    found = mapping(given, field)
    if found is not None and not all(isinstance(value, str) for value in found.values()):
        raise invalid("InvalidFormat", "must hold strings only", field)
    return cast("dict[str, str] | None", found)


def answer(content: Document, status: int = 200) -> JSONResponse:
    """Return a document."""
    return JSONResponse(content, status)

"""The application: its routes, its gate, and its words for what goes wrong."""

from __future__ import annotations

import httpx2
from lightkube import ApiError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.cluster.api import say
from sandbox.rancher import reading, requests
from sandbox.rancher.access import Access
from sandbox.rancher.bindings import Bindings
from sandbox.rancher.failures import RequestError
from sandbox.rancher.namespaces import Namespaces
from sandbox.rancher.projects import Projects
from sandbox.rancher.store import Store

PUBLIC = ("/ping", "/healthz")
INVALID = 422
CODES = {404: "NotFound", 405: "MethodNotAllowed"}


def application(store: Store) -> Starlette:
    """Return the API above a store."""
    access = Access(store)
    return Starlette(
        routes=_routes(store, access),
        middleware=[Middleware(Gate, access=access)],
        exception_handlers={
            RequestError: _failure,
            HTTPException: _http,
            httpx2.HTTPError: _broken,
            Exception: _broken,
        },
    )


def _routes(store: Store, access: Access) -> list[BaseRoute]:
    read, tokens = reading.Reading(store, access), reading.Tokens(store)
    projects, bindings = Projects(store, access), Bindings(store, access)
    routes: list[BaseRoute] = [
        Route("/ping", reading.ping),
        Route("/healthz", reading.ping),
        Route("/v3", reading.root),
        Route("/v3/schemas", reading.management_schemas),
        Route("/v3/settings", read.settings),
        Route("/v3/settings/{id}", read.setting),
        Route("/v3/clusters", read.clusters),
        Route("/v3/clusters/{id}", read.cluster),
        Route("/v3/cluster/{id}/schemas", read.cluster_schemas),
        Route("/v3/project/{id}/schemas", read.project_schemas),
        Route("/v3/roletemplates", read.role_templates),
        Route("/v3/roletemplates/{id}", read.role_template),
        Route("/v3/tokens", tokens.list),
        Route("/v3/tokens", tokens.create, methods=["POST"]),
        Route("/v3/tokens/{id}", tokens.get),
        Route("/v3/tokens/{id}", tokens.delete, methods=["DELETE"]),
    ]
    for path, kind in (("projects", projects), ("projectroletemplatebindings", bindings)):
        routes += [
            Route(f"/v3/{path}", kind.list),
            Route(f"/v3/{path}", kind.create, methods=["POST"]),
            Route(f"/v3/{path}/{{id}}", kind.get),
            Route(f"/v3/{path}/{{id}}", kind.update, methods=["PUT"]),
            Route(f"/v3/{path}/{{id}}", kind.delete, methods=["DELETE"]),
        ]
    spaces = Namespaces(store, access)
    for path in ("/v3/cluster/{cluster}/namespaces", "/v3/clusters/{cluster}/namespaces"):
        routes += [
            Route(path, spaces.list),
            Route(path, spaces.create, methods=["POST"]),
            Route(f"{path}/{{name}}", spaces.get),
            Route(f"{path}/{{name}}", spaces.update, methods=["PUT"]),
            Route(f"{path}/{{name}}", spaces.act, methods=["POST"]),
            Route(f"{path}/{{name}}", spaces.delete, methods=["DELETE"]),
        ]
    return routes


class Gate:
    """Let in who has a token, and tell everybody where the schemas are."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PUBLIC:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        schemas = f"{requests.base(request)}/v3/schemas".encode()

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                if not any(name.lower() == b"x-api-schemas" for name, _ in headers):
                    headers.append((b"x-api-schemas", schemas))
            await send(message)

        try:
            request.state.caller = await self._access.caller(
                request.headers.get("authorization", "")
            )
        except RequestError as failure:
            await _failure(request, failure)(scope, receive, marked)
            return
        except httpx2.HTTPError as error:
            await _broken(request, error)(scope, receive, marked)
            return
        await self._app(scope, receive, marked)


def _failure(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestError):
        raise error
    return JSONResponse(error.body, error.status)


def _http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = CODES.get(error.status_code, "ServerError")
    return JSONResponse(RequestError(error.status_code, code, error.detail).body, error.status_code)


def _broken(request: Request, error: Exception) -> Response:
    """Say that the cluster behind the API does not answer, or refuses what it is given."""
    say(f"{request.method} {request.url.path}: {error!r}")
    if isinstance(error, ApiError) and error.status.code == INVALID:
        refused = RequestError(INVALID, "InvalidBodyContent", str(error.status.message))
        return JSONResponse(refused.body, refused.status)
    return JSONResponse(RequestError(500, "ServerError", str(error)).body, 500)

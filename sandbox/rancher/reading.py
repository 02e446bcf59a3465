"""What clients only read: schemas, settings, clusters, role templates; and their own tokens."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from lightkube.core.resource import Resource
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.rancher import accounts, kinds, names, requests, schemas, views
from sandbox.rancher.access import Access, expired
from sandbox.rancher.failures import forbidden, invalid, not_found
from sandbox.rancher.names import Document
from sandbox.rancher.store import Store

View = Callable[[Document, str], Document]


async def ping(_request: Request) -> Response:
    """Answer that somebody is there."""
    return PlainTextResponse("pong")


async def root(request: Request) -> Response:
    """Answer with the API's beginning."""
    base = requests.base(request)
    links = {"self": f"{base}/v3", "schemas": f"{base}/v3/schemas"}
    return requests.answer({"type": "apiRoot", "links": links, "actions": {}})


async def management_schemas(request: Request) -> Response:
    """Answer with what /v3 has."""
    return requests.answer(schemas.management(requests.base(request)))


@dataclass(frozen=True, slots=True)
class Reading:
    """What the cluster holds and no client changes."""

    store: Store
    access: Access

    async def settings(self, request: Request) -> Response:
        """Answer with all settings."""
        return await self._all(request, kinds.Setting, "setting", views.setting)

    async def setting(self, request: Request) -> Response:
        """Answer with one setting."""
        return await self._one(request, kinds.Setting, "setting", views.setting)

    async def role_templates(self, request: Request) -> Response:
        """Answer with all role templates."""
        return await self._all(request, kinds.RoleTemplate, "roleTemplate", views.role_template)

    async def role_template(self, request: Request) -> Response:
        """Answer with one role template."""
        return await self._one(request, kinds.RoleTemplate, "roleTemplate", views.role_template)

    async def clusters(self, request: Request) -> Response:
        """Answer with the cluster, if the caller may see it."""
        caller = requests.caller(request)
        if not await self.access.allowed(caller, "get", "clusters", name=names.CLUSTER):
            where = f"{requests.base(request)}/v3/clusters"
            return requests.answer(views.collection("cluster", where, []))
        return await self._all(request, kinds.Cluster, "cluster", await self._cluster_view())

    async def cluster(self, request: Request) -> Response:
        """Answer with one cluster, and where its schemas are."""
        name = request.path_params["id"]
        answer = await self._one(request, kinds.Cluster, "cluster", await self._cluster_view())
        await self.access.demand(requests.caller(request), "get", "clusters", name=name)
        base = requests.base(request)
        answer.headers["X-Api-Schemas"] = f"{base}/v3/cluster/{name}/schemas"
        return answer

    async def cluster_schemas(self, request: Request) -> Response:
        """Answer with what a cluster has."""
        name = request.path_params["id"]
        if await self.store.get(kinds.Cluster, name) is None:
            raise not_found(f"cluster {name}")
        return requests.answer(schemas.cluster(requests.base(request), name))

    async def project_schemas(self, request: Request) -> Response:
        """Answer with what a project has."""
        name = request.path_params["id"]
        return requests.answer(schemas.project(requests.base(request), name))

    async def _cluster_view(self) -> View:
        found = await self.store.get(kinds.Setting, "k8s-version")
        version = found["value"] if found else ""
        return lambda thing, base: views.cluster(thing, base, version)

    async def _one(self, request: Request, kind: type[Resource], what: str, view: View) -> Response:
        name = request.path_params["id"]
        thing = await self.store.get(kind, name)
        if thing is None:
            raise not_found(f"{what} {name}")
        return requests.answer(view(thing, requests.base(request)))

    async def _all(self, request: Request, kind: type[Resource], what: str, view: View) -> Response:
        base = requests.base(request)
        found = [view(thing, base) for thing in await self.store.list(kind)]
        if "name" in request.query_params:
            found = [one for one in found if one["name"] == request.query_params["name"]]
        return requests.answer(views.collection(what, f"{base}{request.url.path}", found))


@dataclass(frozen=True, slots=True)
class Tokens:
    """The callers' own tokens."""

    store: Store

    async def list(self, request: Request) -> Response:
        """Answer with the caller's tokens."""
        base, user = requests.base(request), requests.caller(request).user
        found = [
            _token(thing, base)
            for thing in await self.store.list(kinds.Token)
            if thing["userId"] == user
        ]
        return requests.answer(views.collection("token", f"{base}/v3/tokens", found))

    async def create(self, request: Request) -> Response:
        """Make a token with the caller's rights, for `ttl` milliseconds; 0 has no end."""
        given, caller = await requests.body(request), requests.caller(request)
        ttl = given.get("ttl") or 0
        if not isinstance(ttl, int) or ttl < 0:
            raise invalid("InvalidFormat", "must be a number of milliseconds", "ttl")
        end = dt.datetime.now(dt.UTC) + dt.timedelta(milliseconds=ttl)
        name, secret = f"token-{secrets.token_hex(3)}", secrets.token_hex(27)
        made = accounts.token_object(
            name, secret, caller.user, list(caller.groups), end.isoformat() if ttl else ""
        )
        document = _token(await self.store.create(made) or made, requests.base(request))
        # Said this once; nobody can look it up later.
        return requests.answer({**document, "token": f"{name}:{secret}"}, 201)

    async def get(self, request: Request) -> Response:
        """Answer with one token."""
        return requests.answer(_token(await self._own(request), requests.base(request)))

    async def delete(self, request: Request) -> Response:
        """Take a token back."""
        thing = await self._own(request)
        await self.store.delete(kinds.Token, thing["metadata"]["name"])
        return requests.answer(_token(thing, requests.base(request)))

    async def _own(self, request: Request) -> Document:
        name = request.path_params["id"]
        thing = await self.store.get(kinds.Token, name)
        if thing is None:
            raise not_found(f"token {name}")
        if thing["userId"] != requests.caller(request).user:
            raise forbidden("another user's token")
        return thing


def _token(thing: Document, base: str) -> Document:
    return views.token(thing, base, expired=expired(thing, dt.datetime.now(dt.UTC)))

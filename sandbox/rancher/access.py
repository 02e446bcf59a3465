"""Who asks, and whether they may: tokens for the first, the cluster's RBAC for the second."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass

from sandbox.rancher import kinds
from sandbox.rancher.accounts import digest
from sandbox.rancher.failures import forbidden, unauthorized
from sandbox.rancher.names import CLUSTER, GROUP, Document
from sandbox.rancher.store import Store

SCHEME = "Bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a token, as the cluster knows them."""

    user: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Access:
    """Answers from the API server, which keeps the tokens and decides by its own rules."""

    store: Store

    async def caller(self, authorization: str) -> Caller:
        """Return who sent this Authorization header; refuse one that does not hold."""
        name, _, secret = authorization.removeprefix(SCHEME).partition(":")
        if not authorization.startswith(SCHEME) or not name or not secret:
            raise unauthorized()
        token = await self.store.get(kinds.Token, name)
        if token is None or not hmac.compare_digest(digest(secret), token["hash"]):
            raise unauthorized()
        if expired(token, dt.datetime.now(dt.UTC)):
            raise unauthorized()
        return Caller(token["userId"], tuple(token.get("groupPrincipals") or ()))

    async def demand(self, caller: Caller, verb: str, what: str, **where: str) -> None:
        """Refuse a caller who may not do *verb* to *what*."""
        if not await self.allowed(caller, verb, what, **where):
            raise forbidden(f"{verb} {what} {where.get('name', '')}".rstrip())

    async def allowed(self, caller: Caller, verb: str, what: str, **where: str) -> bool:
        """Ask the API server whether its roles let the caller do this.

        *where* may have `name`, `namespace`, and `group`, which is Rancher's own without it.
        """
        answer = await self.store.create(
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SubjectAccessReview",
                "metadata": {},
                "spec": {
                    "user": caller.user,
                    "groups": [*caller.groups, "system:authenticated"],
                    "resourceAttributes": {
                        "verb": verb,
                        "group": GROUP,
                        "resource": what,
                        **where,
                    },
                },
            }
        )
        return bool(answer and answer.get("status", {}).get("allowed"))

    async def project(self, caller: Caller, verb: str, name: str = "") -> None:
        """Refuse a caller who may not do *verb* to a project, or to projects at all."""
        await self.demand(caller, verb, "projects", name=name, namespace=CLUSTER)

    async def namespace(self, caller: Caller, verb: str, name: str, project: str) -> None:
        """Refuse a caller who may neither change a namespace nor manage those of its project."""
        if project and await self.allowed(
            caller, "manage-namespaces", "projects", name=project, namespace=CLUSTER
        ):
            return
        await self.demand(caller, verb, "namespaces", name=name, namespace=name, group="")


def expired(token: Document, now: dt.datetime) -> bool:
    """Tell whether a token's time is over; one without an end holds for ever."""
    end = token.get("expiresAt")
    return bool(end) and dt.datetime.fromisoformat(end) <= now

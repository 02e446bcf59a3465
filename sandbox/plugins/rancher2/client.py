"""Rancher's API as it describes itself: what types there are, and where they are kept."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.plugins.rancher2.errors import RancherError, RefusedError
from sandbox.plugins.rancher2.settings import Settings
from sandbox.plugins.rancher2.waiting import Clock
from sandbox.plugins.values import table, tables

PAUSE = 5.0
PONG = "pong"

# Rancher starts with answers like these; every other refusal is final.
STARTING = {403, 500}


@dataclass(frozen=True, slots=True)
class Answer:
    """An object, and where the one who answers keeps the schemas of its part of the API."""

    body: dict[str, Any]
    schemas: str | None


class Connection(Protocol):
    """Sends one request and judges the answer."""

    def ping(self, url: str, /) -> str:
        """Return what *url* answers, whatever its status; the token is not sent."""
        ...

    def get(self, url: str, /) -> Answer:
        """Return the answer of *url*, which must be 200."""
        ...

    def send(self, method: str, url: str, body: Any = None, /) -> dict[str, Any]:
        """Return the object that a change answers with; an empty one if it answers nothing."""
        ...


class NotYetError(RancherError):
    """What will perhaps be otherwise in a moment."""


class Api:
    """One part of the API: the management's, or a cluster's.

    Every address comes from Rancher's own links, as it gave them.
    """

    def __init__(self, connection: Connection, base: str) -> None:
        self._connection = connection
        answer = connection.get(base)
        if not answer.schemas:
            raise RancherError(f"Failed to find schema at [{base}]")
        if answer.schemas != base:
            answer = connection.get(answer.schemas)
        self._schemas = {str(one.get("id")): one for one in tables(answer.body.get("data"))}

    def by_id(self, kind: str, identity: str) -> dict[str, Any]:
        """Return one object."""
        schema = self._schema(kind)
        self._require(kind, "resourceMethods", "GET", "can not be looked up by ID")
        return self._connection.get(f"{_link(schema, 'collection')}/{identity}").body

    def create(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create an object and return it."""
        schema = self._schema(kind)
        self._require(kind, "collectionMethods", "POST", "is not creatable")
        whole = {"links": None, "actions": None, **body}
        return self._connection.send("POST", _link(schema, "collection"), whole)

    def update(self, kind: str, found: Mapping[str, Any], body: Mapping[str, Any]) -> str:
        """Change the fields in *body* of an object and return its id."""
        self._require(kind, "resourceMethods", "PUT", "is not updatable")
        return self._connection.send("PUT", _self(found), body).get("id") or ""

    def replace(self, kind: str, found: Mapping[str, Any], body: Mapping[str, Any]) -> str:
        """Make an object what *body* says, nothing more, and return its id."""
        self._require(kind, "resourceMethods", "PUT", "is not updatable")
        whole = {"id": found.get("id"), "links": found.get("links"), "actions": None, **body}
        return self._connection.send("PUT", f"{_self(found)}?_replace=true", whole).get("id") or ""

    def delete(self, kind: str, found: Mapping[str, Any]) -> None:
        """Delete an object."""
        self._require(kind, "resourceMethods", "DELETE", "can not be deleted")
        self._connection.send("DELETE", _self(found))

    def act(self, action: str, found: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Do with an object what is no change of its fields."""
        place = table(found.get("actions")).get(action)
        if not place:
            raise RancherError(f"failed to find action [{action}] of [{found.get('id')}]")
        self._connection.send("POST", place, body)

    def _schema(self, kind: str) -> dict[str, Any]:
        schema = self._schemas.get(kind)
        if schema is None:
            raise RancherError(f"Unknown schema type [{kind}]")
        return schema

    def _require(self, kind: str, methods: str, method: str, fault: str) -> None:
        if method not in (self._schema(kind).get(methods) or []):
            raise RancherError(f"Resource type [{kind}] {fault}")


class Rancher:
    """Rancher's API, asked once for each part of it that is needed."""

    def __init__(self, settings: Settings, connection: Connection, clock: Clock) -> None:
        self.clock = clock
        self._settings = settings
        self._connection = connection
        self._lock = threading.Lock()
        self._management: Api | None = None
        self._clusters: dict[str, Api] = {}

    def management(self) -> Api:
        """Return the part with projects, bindings and clusters, once Rancher is ready."""
        with self._lock:
            if self._management is None:
                self._insist(self._ping)
                api = self._management = Api(self._connection, f"{self._settings.url}/v3")
                # Only this first use fails if Rancher does not know it; the official one is so too.
                self._insist(lambda: _know_version(api))
            return self._management

    def cluster(self, identity: str) -> Api:
        """Return the part with the namespaces of one cluster."""
        with self._lock:
            if identity not in self._clusters:
                self._insist(self._ping)
                base = f"{self._settings.url}/v3/clusters/{identity}"
                self._clusters[identity] = Api(self._connection, base)
            return self._clusters[identity]

    def _ping(self) -> None:
        try:
            said = self._connection.ping(f"{self._settings.url}/ping")
        except RancherError as error:
            raise NotYetError(f"Rancher is not ready: {error}") from error
        if said != PONG:
            raise NotYetError("Rancher is not ready: <nil>")

    def _insist(self, attempt: Callable[[], None]) -> None:
        deadline = self.clock.now() + self._settings.timeout
        while True:
            try:
                return attempt()
            except NotYetError as error:
                left = deadline - self.clock.now()
                self.clock.sleep(max(0.0, min(left, PAUSE)))
                if left <= PAUSE:
                    raise RancherError(str(error)) from error


def _know_version(api: Api) -> None:
    try:
        api.by_id("setting", "k8s-version")
    except RefusedError as error:
        if error.status in STARTING:
            raise NotYetError(str(error)) from error
        raise


def _link(schema: Mapping[str, Any], name: str) -> str:
    link = table(schema.get("links")).get(name)
    if not link:
        raise RancherError(f"failed to find {name} URL of [{schema.get('id')}]")
    return link


def _self(found: Mapping[str, Any]) -> str:
    return _link(found, "self")

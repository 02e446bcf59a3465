"""A client that says to Rancher what the official provider says, in its order and its words.

It trusts a server no more than that one does: it takes addresses from schemas and links alone, does
what a schema allows, and insists on the statuses that the provider insists on.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx

Document = dict[str, Any]

# Of an answer to the provider's first GET of a resource that it made or deleted.
SECONDS_BEFORE_A_POLL = 1


@dataclass
class Provider:
    """One process of the provider: it asks for the schemas once, and keeps them."""

    url: str
    authority: Path
    token: str
    trace: list[str] = field(default_factory=list[str])
    _schemas: dict[str, Document] = field(default_factory=dict[str, Document])
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            verify=ssl.create_default_context(cafile=str(self.authority)),
            trust_env=False,
            timeout=60,  # the provider's, and it does not change it
        )
        # No Accept: the provider sends none.
        self._http.headers = httpx.Headers(
            {"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"}
        )

    # What it does first

    def configure(self) -> None:
        """Find out whether anybody is there, what there is, and which Kubernetes it is."""
        pong = self._http.get(f"{self.url}/ping")
        self.trace.append("GET /ping")
        assert pong.text == "pong"
        self._learn(f"{self.url}/v3")
        version = self.by_id("setting", "k8s-version")
        assert version.status_code == 200, version.text

    def cluster_client(self, name: str) -> None:
        """Learn what one cluster has."""
        self._http.get(f"{self.url}/ping")
        self._learn(f"{self.url}/v3/clusters/{name}")

    def _learn(self, where: str) -> None:
        first = self.request("GET", where)
        assert first.status_code == 200, first.text
        schemas = first.headers["X-API-Schemas"]
        found = self.request("GET", schemas)
        assert found.status_code == 200, found.text
        self._schemas.update({schema["id"]: schema for schema in found.json()["data"]})

    # What it does with resources

    def by_id(self, kind: str, name: str) -> httpx.Response:
        """Ask for one resource."""
        assert "GET" in self._schemas[kind]["resourceMethods"]
        return self.request("GET", f"{self._collection(kind)}/{name}")

    def got(self, kind: str, name: str) -> Document:
        """Return one resource, which must be there."""
        answer = self.by_id(kind, name)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, kind: str, **fields: Any) -> httpx.Response:
        """Make a resource; a generated client always sends these two nulls."""
        assert "POST" in self._schemas[kind]["collectionMethods"]
        body = {"links": None, "actions": None, **fields}
        return self.request("POST", self._collection(kind), body)

    def made(self, kind: str, **fields: Any) -> Document:
        """Make a resource and return it as it was answered."""
        answer = self.create(kind, **fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def replace(self, thing: Document, **fields: Any) -> httpx.Response:
        """Replace a project: with its id and the links it had, and everything it is to have."""
        assert "PUT" in self._schemas[thing["type"]]["resourceMethods"]
        body = {"id": thing["id"], "links": thing["links"], "actions": None, **fields}
        return self.request("PUT", f"{thing['links']['self']}?_replace=true", body)

    def update(self, thing: Document, **fields: Any) -> httpx.Response:
        """Change a binding or a namespace: a plain map, without id and links."""
        assert "PUT" in self._schemas[thing["type"]]["resourceMethods"]
        return self.request("PUT", thing["links"]["self"], fields)

    def act(self, thing: Document, action: str, **fields: Any) -> httpx.Response:
        """Do what a resource offers."""
        return self.request("POST", thing["actions"][action], fields)

    def delete(self, thing: Document) -> httpx.Response:
        """Delete a resource."""
        assert "DELETE" in self._schemas[thing["type"]]["resourceMethods"]
        return self.request("DELETE", thing["links"]["self"])

    def poll(self, kind: str, name: str, holds: Callable[[httpx.Response], bool]) -> httpx.Response:
        """Ask after a second, and then ever more seldom, until it is so."""
        time.sleep(SECONDS_BEFORE_A_POLL)
        for pause in (3, 6, 10, 0):
            answer = self.by_id(kind, name)
            if holds(answer):
                return answer
            time.sleep(pause)
        raise AssertionError(f"{kind} {name} never came to it: {answer.text}")

    def request(self, method: str, url: str, body: Document | None = None) -> httpx.Response:
        """Send one request as it is and note it."""
        assert url.startswith("https://"), f"a link must be absolute: {url}"
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is None:
            answer = self._http.request(method, url, headers=headers)
        else:
            answer = self._http.request(method, url, headers=headers, json=body)
        self.trace.append(f"{method} {url.removeprefix(self.url)}")
        return answer

    def _collection(self, kind: str) -> str:
        return cast("str", self._schemas[kind]["links"]["collection"])


def active(answer: httpx.Response) -> bool:
    """Tell whether a resource is there and ready; any other state but two ends the provider."""
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] in {"active", "initializing", "activating"}
    return answer.json()["state"] == "active"


def gone(answer: httpx.Response) -> bool:
    """Tell whether a deleted resource is gone; one that is still active ends the provider."""
    assert answer.status_code in {200, 403, 404}, answer.text
    if answer.status_code == 200:
        assert answer.json()["state"] == "removing", answer.text
    return answer.status_code != 200

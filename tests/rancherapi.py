"""A Rancher whose answers are made up, for the questions that the program asks at its start."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

TOKEN = "token-sentinel:of-rancher-which-is-long"

# What the tests' stack chooses about Rancher.
CHOICES: Mapping[str, Any] = {
    "rancherUrl": "https://rancher.example.org",
    "rancherCluster": "local",
    "rancherToken": TOKEN,
    "rancherQuota": {"limitsMemory": "24Gi", "requestsCpu": "4000m"},
    "rancherRoles": {"openldap_group://cn=archivists": ["read-only", "create-ns"]},
}
QUOTA: Mapping[str, str] = CHOICES["rancherQuota"]


def project(name: str = "ov-demo", mark: str = "ov-demo", **more: Any) -> dict[str, Any]:
    """Return a project that bears the mark of a stack."""
    return {
        "id": "local:p-ours1",
        "clusterId": "local",
        "name": name,
        "annotations": {"openvault/stack": mark} if mark else None,
        "resourceQuota": {"limit": dict(QUOTA)},
        "links": {"self": "…", "update": "…"},
        **more,
    }


@dataclass
class FakeRancher:
    """What is answered: a status instead of a body, or what is raised."""

    projects: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    # Role bindings of the stack's project, by name.
    bindings: tuple[str, ...] = ()
    # The project of the stack's namespace; None: there is no namespace.
    place: str | None = None
    updated: str = "True"
    cluster: int | Exception = 200
    listing: int = 200
    ping: int | Exception = 200
    # When the token ends; "" if never, None if that is not told.
    ends: str | None = ""
    asked: list[tuple[str, str, Mapping[str, str]]] = field(
        default_factory=list[tuple[str, str, Mapping[str, str]]]
    )

    def serve(self, patch: pytest.MonkeyPatch) -> None:
        """Take the place of every server."""
        patch.setattr("components.answers.HTTPSConnection", self.connection)

    def connection(self, host: str, port: int, **_how: object) -> Connection:
        """Return a connection to this Rancher."""
        return Connection(self, f"{host}:{port}")

    def answer(self, path: str) -> tuple[int, Any]:
        """Return status and body."""
        if path == "/v3/clusters/local":
            said = {"type": "Updated", "status": self.updated, "message": "agent is away"}
            return _status(self.cluster), {"conditions": [said]}
        if path == "/ping":
            return _status(self.ping), "pong"
        if path == f"/v3/tokens/{TOKEN.partition(':')[0]}":
            return (404, {}) if self.ends is None else (200, {"expiresAt": self.ends})
        if path == "/v3/projects?clusterId=local":
            return self.listing, {"data": self.projects}
        if path == "/v3/projectroletemplatebindings?projectId=local%3Ap-ours1":
            return 200, {"data": [self._binding(name) for name in self.bindings]}
        assert path == "/v3/cluster/local/namespaces/ov-demo"
        return (404, {}) if self.place is None else (200, {"projectId": self.place})

    def _binding(self, name: str) -> dict[str, str]:
        return {"name": name, "id": f"local-p-ours1:{name}", "projectId": "local:p-ours1"}


def _status(said: int | Exception) -> int:
    if isinstance(said, Exception):
        raise said
    return said


class Connection:
    """One connection, and the answer that is read from it."""

    def __init__(self, rancher: FakeRancher, to: str) -> None:
        self._rancher = rancher
        self._to = to
        self._answer: tuple[int, Any] = (0, None)

    def request(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Ask."""
        assert method == "GET", "the program changes nothing at its start"
        self._rancher.asked.append((self._to, path, headers))
        self._answer = self._rancher.answer(path)

    def getresponse(self) -> Response:
        """Return the answer."""
        return Response(*self._answer)

    def close(self) -> None:
        """Do nothing."""


class Response(io.BytesIO):
    """An answer."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(json.dumps(body).encode())
        self.status = status
        self.reason = "as the test wants it"

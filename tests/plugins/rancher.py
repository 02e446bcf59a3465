"""The rancher2 plugin behind its real gRPC server, with a Rancher that only records."""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import grpc
import httpx
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.plugins.rancher2.client import Rancher
from sandbox.plugins.rancher2.connection import HttpConnection
from sandbox.plugins.rancher2.server import Rancher2Provider
from sandbox.plugins.rancher2.settings import Settings
from sandbox.plugins.rancher2.waiting import Clock
from tests.plugins.provider import serving, struct

BASE = "https://rancher.test"
TOKEN = "token-test:sentinel"
PROVIDER_URN = "urn:pulumi:stack::project::pulumi:providers:rancher2::x"
PROJECT = "rancher2:index/project:Project"
BINDING = "rancher2:index/projectRoleTemplateBinding:ProjectRoleTemplateBinding"
NAMESPACE = "rancher2:index/namespace:Namespace"

START = ["GET /ping", "GET /v3", "GET /v3/schemas", "GET /v3/settings/k8s-version"]
START_CLUSTER = ["GET /ping", "GET /v3/clusters/local", "GET /v3/cluster/local/schemas"]

COLLECTIONS = {
    "project": "/v3/projects",
    "projectRoleTemplateBinding": "/v3/projectroletemplatebindings",
    "roleTemplate": "/v3/roletemplates",
    "cluster": "/v3/clusters",
    "setting": "/v3/settings",
    "namespace": "/v3/cluster/local/namespaces",
}


@dataclass
class Time:
    """A clock that passes only while somebody sleeps."""

    now: float = 0.0
    sleeps: list[float] = field(default_factory=list[float])

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self.sleeps.append(seconds)
        self.now += seconds


@dataclass
class FakeRancher:
    """Keeps objects by their path, and remembers what it was asked."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    # What a request is answered with instead, once for each entry.
    instead: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    states: list[str] = field(default_factory=list[str])
    asked: list[str] = field(default_factory=list[str])
    requests: list[httpx.Request] = field(default_factory=list[httpx.Request])

    def __post_init__(self) -> None:
        self.put("cluster", "local", conditions=[{"type": "Updated", "status": "True"}])
        self.put("setting", "k8s-version", value="")
        self.put("roleTemplate", "project-member")

    def put(self, kind: str, identity: str, **more: Any) -> dict[str, Any]:
        """Keep an object and return it."""
        path = f"{COLLECTIONS[kind]}/{identity}"
        links = {"self": BASE + path}
        made = {"id": identity, "type": kind, "state": "active", "links": links, **more}
        if kind == "namespace":
            made["actions"] = {"move": f"{BASE}{path}?action=move"}
        self.objects[path] = made
        return made

    def bodies(self, method: str) -> list[dict[str, Any]]:
        """Return what was sent by *method*."""
        return [json.loads(one.content) for one in self.requests if one.method == method]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as Rancher does."""
        url = urlsplit(str(request.url))
        path = url.path
        asked = f"{request.method} {path}" + (f"?{url.query}" if url.query else "")
        self.asked.append(asked)
        self.requests.append(request)
        return self._instead(asked) or self._done(path, request)

    def _instead(self, asked: str) -> httpx.Response | None:
        waiting = self.instead.get(asked)
        one = waiting.pop(0) if waiting else None
        if isinstance(one, Exception):
            raise one
        return refusal(one) if isinstance(one, int) else one

    def _done(self, path: str, request: httpx.Request) -> httpx.Response:
        if path == "/ping":
            return httpx.Response(200, text="pong")
        if path in {"/v3", "/v3/schemas", "/v3/cluster/local/schemas"}:
            place = {"X-Api-Schemas": f"{BASE}/v3/schemas"}
            return httpx.Response(200, headers=place, json={"data": schemas()})
        if request.method == "GET":
            return self._get(path)
        if request.method == "DELETE":
            del self.objects[path]
            return httpx.Response(204)
        return self._post(path, request) if request.method == "POST" else self._put(path, request)

    def _get(self, path: str) -> httpx.Response:
        found = self.objects.get(path)
        if found is None:
            return refusal(404)
        if self.states and found["type"] not in {"cluster", "setting", "roleTemplate"}:
            found = {**found, "state": self.states.pop(0)}
        headers = {"X-Api-Schemas": f"{BASE}/v3/cluster/local/schemas"}
        return httpx.Response(200, headers=headers, json=found)

    def _post(self, path: str, request: httpx.Request) -> httpx.Response:
        if "action" in request.url.params:
            return httpx.Response(204)
        kind = next(kind for kind, place in COLLECTIONS.items() if place == path)
        body = {key: one for key, one in json.loads(request.content).items() if one is not None}
        identity = {"project": "local:p-1", "namespace": body["name"]}.get(
            kind, f"local-p-1:{body['name']}"
        )
        labels = {**body.get("labels", {}), "cattle.io/creator": "norman"}
        return httpx.Response(201, json=self.put(kind, identity, **{**body, "labels": labels}))

    def _put(self, path: str, request: httpx.Request) -> httpx.Response:
        found = self.objects[path]
        body = json.loads(request.content)
        if "_replace" in request.url.params:
            kept = {"id", "type", "state", "links", "clusterId"}
            found = {key: one for key, one in found.items() if key in kept}
        body = {key: one for key, one in body.items() if key not in {"links", "actions"}}
        self.objects[path] = {**found, **body}
        return httpx.Response(200, json=self.objects[path])


def schemas() -> list[dict[str, Any]]:
    """Return what each type allows."""
    return [
        {
            "id": kind,
            "links": {"collection": BASE + path},
            "collectionMethods": ["GET", "POST"],
            "resourceMethods": ["GET", "PUT", "DELETE"],
        }
        for kind, path in COLLECTIONS.items()
    ]


def refusal(status: int) -> httpx.Response:
    """Return an answer that says no."""
    code = {403: "PermissionDenied", 404: "NotFound", 422: "MissingRequired"}.get(status, "Error")
    body = {"type": "error", "baseType": "error", "status": status, "code": code, "message": "no"}
    return httpx.Response(status, json=body)


@dataclass
class Plugin:
    """A client of the plugin, configured for the Rancher that records."""

    stub: Any
    rancher: FakeRancher
    time: Time

    def configure(self, **variables: str) -> None:
        """Configure as the engine does."""
        given = {"apiUrl": BASE, "tokenKey": TOKEN, **variables}
        prefixed = {f"rancher2:config:{key}": value for key, value in given.items()}
        self.stub.Configure(provider_pb2.ConfigureRequest(variables=prefixed))

    def check(self, kind: str, **inputs: Any) -> Any:
        """Return the answer to a check."""
        return self.stub.Check(provider_pb2.CheckRequest(urn=urn(kind), news=struct(inputs)))

    def create(self, kind: str, *, preview: bool = False, timeout: float = 0, **inputs: Any) -> Any:
        """Create a resource and return its id and its state."""
        return self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn(kind),
                properties=struct(self.inputs(kind, **inputs)),
                preview=preview,
                timeout=timeout,
            )
        )

    def inputs(self, kind: str, **inputs: Any) -> dict[str, Any]:
        """Return checked inputs."""
        answer = self.check(kind, **{"name": "media", **inputs})
        assert not answer.failures
        return MessageToDict(answer.inputs)

    def diff(
        self, kind: str, state: Mapping[str, Any], *ignored: str, **inputs: Any
    ) -> dict[str, str]:
        """Return by path what *inputs* change in *state*."""
        answer = self.stub.Diff(
            provider_pb2.DiffRequest(
                urn=urn(kind),
                id="x",
                olds=struct(state),
                news=struct(self.inputs(kind, **inputs)),
                ignoreChanges=ignored,
            )
        )
        assert (answer.changes == answer.DIFF_SOME) is bool(answer.detailedDiff)
        kinds = provider_pb2.PropertyDiff.Kind
        return {path: kinds.Name(one.kind) for path, one in answer.detailedDiff.items()}

    def update(
        self, kind: str, identity: str, state: Mapping[str, Any], *ignored: str, **inputs: Any
    ) -> dict[str, Any]:
        """Update a resource and return its new state."""
        answer = self.stub.Update(
            provider_pb2.UpdateRequest(
                urn=urn(kind),
                id=identity,
                olds=struct(state),
                news=struct(self.inputs(kind, **inputs)),
                ignoreChanges=ignored,
            )
        )
        return MessageToDict(answer.properties)

    def read(
        self, kind: str, identity: str, state: Mapping[str, Any], **inputs: Any
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Return id, state and inputs as they are now; without a *state*, as an import does."""
        answer = self.stub.Read(
            provider_pb2.ReadRequest(
                urn=urn(kind), id=identity, properties=struct(state), inputs=struct(inputs)
            )
        )
        return answer.id, MessageToDict(answer.properties), MessageToDict(answer.inputs)

    def delete(self, kind: str, identity: str, state: Mapping[str, Any]) -> None:
        """Delete a resource."""
        self.stub.Delete(
            provider_pb2.DeleteRequest(urn=urn(kind), id=identity, properties=struct(state))
        )

    def asked(self) -> list[str]:
        """Return what was asked since the last time, in order."""
        asked, self.rancher.asked = self.rancher.asked, []
        return asked


def urn(kind: str) -> str:
    """Return the name of a resource of type *kind*."""
    return f"urn:pulumi:stack::project::{kind}::media"


@contextmanager
def plugin() -> Generator[Plugin]:
    """Serve the plugin, not yet configured, before a Rancher that records."""
    rancher = FakeRancher()
    time = Time()

    def reach(settings: Settings) -> Rancher:
        connection = HttpConnection(settings, httpx.MockTransport(rancher.answer))
        return Rancher(settings, connection, Clock(lambda: time.now, time.sleep))

    with serving(lambda engine: Rancher2Provider(engine, reach)) as (stub, _):
        yield Plugin(stub, rancher, time)


def half_done(call: Callable[[], object]) -> Any:
    """Return what the engine is told to keep although *call* failed."""
    try:
        call()
    except grpc.RpcError as error:
        failed: Any = error
        metadata = dict(failed.trailing_metadata())
        status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
        detail = provider_pb2.ErrorResourceInitFailed()
        assert status.details[0].Unpack(detail)
        assert status.message == failed.details() == detail.reasons[0]
        return detail
    raise AssertionError("it did not fail")

"""Faults on purpose, for tests: an answer that is slow, wrong, or breaks off.

They are a file beside the sandbox's secrets, which root alone can write: no request of the API
makes, shows or ends one. A Rancher that is down is its daemon, ended; a cluster that is not active
is its object, changed as kubectl could.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from lightkube.types import PatchType
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox import files
from sandbox.cluster import addons
from sandbox.instance import Instance
from sandbox.rancher import kinds, names
from sandbox.rancher.failures import RequestError
from sandbox.rancher.names import Document

# A client waits two minutes for a cluster that is not up to date, counted from here.
LONG_AGO = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What goes wrong with requests of one *method* whose whole *path* matches.

    *before* and *delay* are seconds: the first passes before anything is done, the second when all
    is done and nothing answered. *status* is answered and nothing done; *drop* cuts the connection
    when all is done. It happens *times* times, or always.
    """

    method: str
    path: str
    before: float = 0
    delay: float = 0
    status: int = 0
    drop: bool = False
    times: int = 0

    def meets(self, scope: Scope) -> bool:
        """Tell whether a request is meant."""
        return scope["method"] == self.method and bool(re.fullmatch(self.path, scope["path"]))


def place(instance: Instance) -> Path:
    """Return the file that holds the faults."""
    return instance.state / "rancher" / "faults.json"


@contextlib.contextmanager
def inject(instance: Instance, *faults: Fault) -> Generator[None]:
    """Let these faults happen, and no others, for a while."""
    files.write(place(instance), json.dumps([asdict(fault) for fault in faults]), files.PRIVATE)
    try:
        yield
    finally:
        place(instance).unlink(missing_ok=True)


@contextlib.contextmanager
def inactive_cluster(instance: Instance, message: str) -> Generator[None]:
    """Let the cluster be one that its agent does not keep up to date, for a while."""
    client: Any = addons.connect(instance)
    present = cast("list[Document]", client.get(kinds.Cluster, names.CLUSTER).status["conditions"])
    outdated = {
        "type": "Updated",
        "status": "False",
        "message": message,
        "lastUpdateTime": LONG_AGO,
    }
    said = [outdated if one["type"] == "Updated" else one for one in present]
    try:
        _say(client, said)
        yield
    finally:
        _say(client, present)


def _say(client: Any, conditions: list[Document]) -> None:  # noqa: ANN401, see cluster/api.py
    status = {"status": {"conditions": conditions}}
    client.patch(kinds.Cluster, names.CLUSTER, status, patch_type=PatchType.MERGE)


class Faulty:
    """The application, with the faults that the file holds at the moment."""

    def __init__(self, app: ASGIApp, path: Path) -> None:
        self._app = app
        self._path = path
        self._had: dict[Fault, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.before)
        if fault.status:
            await _refuse(fault.status, send)
            return
        said: list[Message] = []

        async def hold(message: Message) -> None:
            said.append(message)

        await self._app(scope, receive, hold)
        await asyncio.sleep(fault.delay)
        for message in said:
            await send(message)
            if fault.drop:
                # The status is out and the body is not: the server can only close.
                raise ConnectionAbortedError("dropped on purpose")

    def _fault(self, scope: Scope) -> Fault | None:
        for fault in self._present():
            had = self._had.get(fault, 0)
            if fault.meets(scope) and (not fault.times or had < fault.times):
                self._had[fault] = had + 1
                return fault
        return None

    def _present(self) -> list[Fault]:
        try:
            return [Fault(**one) for one in json.loads(self._path.read_text())]
        except FileNotFoundError:
            # The next ones are counted anew.
            self._had.clear()
            return []


async def _refuse(status: int, send: Send) -> None:
    body = json.dumps(RequestError(status, "ServerError", "failed on purpose").body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

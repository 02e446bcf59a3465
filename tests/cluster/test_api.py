"""The mirror: true to the cluster through every break of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2
import pytest

from sandbox.cluster import api
from sandbox.cluster.api import Mirror, reconcile
from sandbox.cluster.kinds import Object, Pod
from tests.cluster.objects import pod

WEB = pod("web", "10.244.0.2")
API = pod("api", "10.244.0.3")


@dataclass
class Scripted:
    """A cluster that gives one listing after another, each followed by its changes."""

    script: list[tuple[list[Pod], list[tuple[str, Pod]]]]
    fails_first: bool = False
    played: asyncio.Event = field(default_factory=asyncio.Event)

    async def list(self) -> tuple[list[Object], str]:
        if self.fails_first:
            self.fails_first = False
            raise httpx2.ConnectError("connection refused")
        if not self.script:
            self.played.set()
            await asyncio.Event().wait()
        return [*self.script[0][0]], str(len(self.script))

    async def watch(self, version: str, saw: Callable[[str, Object], None]) -> None:
        assert version == str(len(self.script)), "what was listed is where the watch begins"
        for event, item in self.script.pop(0)[1]:
            saw(event, item)


def mirrored(cluster: Scripted) -> list[str]:
    """Return the names in a mirror that followed the whole script."""

    async def follow() -> list[str]:
        mirror = Mirror(cluster, Pod, asyncio.Event())
        task = asyncio.create_task(mirror.follow())
        await cluster.played.wait()
        task.cancel()
        return [found["metadata"].get("name", "") for found in mirror.all()]

    return asyncio.run(follow())


def test_a_mirror_shows_what_was_there_and_what_came() -> None:
    assert mirrored(Scripted([([WEB], [("ADDED", API)])])) == ["api", "web"]


def test_a_mirror_forgets_what_was_deleted() -> None:
    assert mirrored(Scripted([([WEB, API], [("DELETED", WEB)])])) == ["api"]


def test_a_mirror_forgets_what_was_deleted_while_it_did_not_look() -> None:
    assert mirrored(Scripted([([WEB, API], []), ([API], [])])) == ["api"]


def test_a_mirror_asks_again_after_a_lost_connection(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(api, "RETRY_SECONDS", 0)

    assert mirrored(Scripted([([WEB], [])], fails_first=True)) == ["web"]
    assert "connection refused; asking again" in capsys.readouterr().out


def test_nothing_is_decided_before_all_is_known() -> None:
    known = Scripted([([WEB], [])])
    slow = Scripted([])
    acted: list[int] = []

    async def act() -> None:
        acted.append(1)

    async def run() -> None:
        changed = asyncio.Event()
        mirrors = [Mirror(each, Pod, changed) for each in (known, slow)]
        await asyncio.wait_for(reconcile(mirrors, changed, act, every=0.01, settle=0), timeout=0.2)

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    assert acted == []


def test_a_decision_that_fails_on_the_way_is_taken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api, "RETRY_SECONDS", 0)
    attempts: list[int] = []

    async def act() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise httpx2.ReadTimeout("too slow")
        raise StopAsyncIteration

    async def run() -> None:
        changed = asyncio.Event()
        mirror = Mirror(Scripted([([WEB], [])]), Pod, changed)
        await reconcile([mirror], changed, act, every=60, settle=0)

    with pytest.raises(ExceptionGroup):
        asyncio.run(run())
    assert len(attempts) == 2

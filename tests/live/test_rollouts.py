"""Nothing is lost while the site changes under its visitors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.live.load import steady
from tests.live.platform import Platform, eventually

pytestmark = pytest.mark.live

SERVERS = ("ov-wag", "ov-frontend", "ov-nginx")
RATE = 50


def visits(platform: Platform) -> list[str]:
    """Return what visitors ask for: mostly plain pages, some that go all the way to PostgreSQL."""
    site, admin = platform.site, platform.admin
    plain = [f"{site}/about"] * 4 + [f"{admin}/admin/login/"]
    return [*plain * 4, f"{site}/", f"{admin}/api/v2/pages/"]


def test_no_request_is_lost_while_everything_is_replaced(
    platform: Platform, tmp_path: Path
) -> None:
    settle(platform)
    with steady(platform, visits(platform), RATE, tmp_path) as load:
        for name in SERVERS:
            platform.kubectl("rollout", "restart", f"deployment/{name}")
            settled(platform, name)
        settle(platform)
        for name in SERVERS:
            before = serving(platform, name)
            platform.kubectl("delete", "pod", "--wait=false", "-l", service(name))
            succeeded(platform, name, before)
        settle(platform)

    assert load.sent > 40 * RATE
    assert (load.failed, load.errors) == (0, []), load.statuses


def test_nobody_has_to_explain_a_warning_after_three_rolls(platform: Platform) -> None:
    settle(platform)
    platform.kubectl("delete", "events", "--all")

    platform.kubectl("rollout", "restart", *(f"deployment/{name}" for name in SERVERS))
    settle(platform)

    assert unexplained(platform) == []


def unexplained(platform: Platform) -> list[str]:
    """Return the warnings about what is meant to stay.

    A pod that is on its way out is still asked whether it is ready, to the very end. That it no
    longer answers then is told as a warning, beside the event that says it is being stopped.
    """
    events = platform.objects("events")
    stopped = {event["involvedObject"]["uid"] for event in events if event["reason"] == "Killing"}
    return [
        f"{event['involvedObject']['name']}: {event['message']}"
        for event in events
        if event["type"] == "Warning"
        and not (_asks_whether_ready(event) and event["involvedObject"]["uid"] in stopped)
    ]


def _asks_whether_ready(event: dict[str, Any]) -> bool:
    return event["reason"] == "Unhealthy" and event["message"].startswith("Readiness probe")


def service(name: str) -> str:
    """Return the selector of a service's pods."""
    return f"app.kubernetes.io/name={name}"


def settled(platform: Platform, name: str) -> None:
    """Wait until the newest pod of a service serves."""
    platform.kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s")


def serving(platform: Platform, name: str) -> set[str]:
    """Return what tells the ready pods of a service from any others."""
    return {
        pod["metadata"]["uid"]
        for pod in platform.objects("pods", "-l", service(name))
        for condition in pod["status"].get("conditions", [])
        if (condition["type"], condition["status"]) == ("Ready", "True")
    }


def succeeded(platform: Platform, name: str, before: set[str]) -> None:
    """Wait until a pod serves that was not there before."""
    eventually(f"another pod of {name}", lambda: bool(serving(platform, name) - before))


def settle(platform: Platform) -> None:
    """Wait until every server has one pod, which serves, and those before it are gone."""
    for name in SERVERS:
        settled(platform, name)
    eventually("the pods before are gone", lambda: _pods(platform) == len(SERVERS))


def _pods(platform: Platform) -> int:
    return sum(len(platform.objects("pods", "-l", service(name))) for name in SERVERS)

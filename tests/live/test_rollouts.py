"""Nothing is lost while the site changes under its visitors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.live.load import steady
from tests.live.platform import Platform
from tests.live.rolling import RATE, SERVERS, replace_everything, settle, visits

pytestmark = pytest.mark.live


def test_no_request_is_lost_while_everything_is_replaced(
    platform: Platform, tmp_path: Path
) -> None:
    settle(platform)
    with steady(platform, visits(platform), RATE, tmp_path) as load:
        replace_everything(platform)

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

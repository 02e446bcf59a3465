"""What the cluster says has happened in a namespace."""

from __future__ import annotations

from typing import Any

from tests.live.platform import Platform


def unexplained(platform: Platform, *, stack: str = "ov-demo") -> list[str]:
    """Return the warnings about what is meant to stay.

    A pod that is on its way out is still asked whether it is ready, to the very end. That it no
    longer answers then is told as a warning, beside the event that says it is being stopped.
    """
    events = platform.objects("events", stack=stack)
    stopped = {event["involvedObject"]["uid"] for event in events if event["reason"] == "Killing"}
    return [
        f"{event['involvedObject']['name']}: {event['message']}"
        for event in events
        if event["type"] == "Warning"
        and not (_asks_whether_ready(event) and event["involvedObject"]["uid"] in stopped)
    ]


def _asks_whether_ready(event: dict[str, Any]) -> bool:
    return event["reason"] == "Unhealthy" and event["message"].startswith("Readiness probe")

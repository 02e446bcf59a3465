"""The site while it changes under its visitors."""

from __future__ import annotations

from tests.live.platform import Platform, eventually

SERVERS = ("ov-wag", "ov-frontend", "ov-nginx")
# Requests a second.
RATE = 50


def visits(platform: Platform) -> list[str]:
    """Return what visitors ask for: mostly plain pages, some that go all the way to PostgreSQL."""
    site, admin = platform.site, platform.admin
    plain = [f"{site}/about"] * 4 + [f"{admin}/admin/login/"]
    return [*plain * 4, f"{site}/", f"{admin}/api/v2/pages/"]


def replace_everything(platform: Platform) -> None:
    """Roll each server, then delete each one's pod as a drained node does."""
    for name in SERVERS:
        platform.kubectl("rollout", "restart", f"deployment/{name}")
        settled(platform, name)
    settle(platform)
    for name in SERVERS:
        before = serving(platform, name)
        platform.kubectl("delete", "pod", "--wait=false", "-l", service(name))
        succeeded(platform, name, before)
    settle(platform)


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

"""What survives the death of a pod."""

from __future__ import annotations

import pytest

from tests.live.platform import Platform, eventually

pytestmark = pytest.mark.live

WORKLOADS = {
    "ov-nginx": "deployment/ov-nginx",
    "ov-frontend": "deployment/ov-frontend",
    "ov-wag": "deployment/ov-wag",
    "db": "statefulset/db",
}


@pytest.mark.parametrize("service", WORKLOADS)
def test_the_site_answers_again_with_its_exhibits_when_a_pod_is_deleted(
    platform: Platform, service: str
) -> None:
    titles = exhibits(platform)
    assert titles, "the demo shows at least one exhibit"

    before = pods(platform, service)
    # A second of grace: no time to hand over, and none to write what was not written yet.
    platform.kubectl("delete", "pod", "--wait=true", "--grace-period=1", *before.values())

    eventually(f"another pod of {service}", lambda: bool(pods(platform, service).keys() - before))
    platform.kubectl("rollout", "status", WORKLOADS[service], "--timeout=120s")
    eventually("the site shows every exhibit again", lambda: shows(platform, titles))
    assert exhibits(platform) == titles


def pods(platform: Platform, service: str) -> dict[str, str]:
    """Return the names of a service's pods, by what tells one from its namesake before it."""
    found = platform.objects("pods", "-l", f"app.kubernetes.io/name={service}")
    return {pod["metadata"]["uid"]: pod["metadata"]["name"] for pod in found}


def exhibits(platform: Platform) -> list[str]:
    return platform.sql(
        "select title from wagtailcore_page join exhibit_exhibitpage on page_ptr_id = id"
        " where live order by title"
    )


def shows(platform: Platform, titles: list[str]) -> bool:
    status, body = platform.curl(platform.site)
    return status == 200 and all(title in body for title in titles)

"""The public door on the cluster: an edge before it, services behind it that go and come."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import pytest

from tests.live.platform import Platform, eventually

pytestmark = pytest.mark.live


def test_one_request_has_one_name_and_one_client_when_it_comes_to_the_proxy(
    platform: Platform,
) -> None:
    name = f"visit-{secrets.token_hex(4)}"
    platform.curl(f"{platform.site}/about", "-H", f"X-Request-ID: {name}")

    eventually("it is noted", lambda: bool(logged(platform, name)))
    [line] = logged(platform, name)
    assert (line["status"], line["uri"], line["method"]) == ("200", "/about", "GET")
    # The client's own address, not that of the edge.
    assert line["client"] == "127.0.0.1"


def test_files_of_the_cms_are_compressed_and_kept_by_browsers(platform: Platform) -> None:
    _, page = platform.curl(f"{platform.admin}/admin/login/")
    [style, *_] = re.findall(r'"(/static/[^"]+\.[0-9a-f]{12}\.css)"', page)

    _, answer = platform.curl(f"{platform.admin}{style}", "-I", "-H", "Accept-Encoding: gzip")

    headers = answer.lower()
    assert "cache-control: public, max-age=31536000, immutable" in headers
    assert "content-encoding: gzip" in headers
    assert "x-content-type-options: nosniff" in headers


def test_visitors_are_told_while_a_service_is_away_and_served_when_a_new_one_comes(
    platform: Platform,
) -> None:
    [service] = [
        each for each in platform.objects("services") if each["metadata"]["name"] == "ov-frontend"
    ]
    platform.kubectl("delete", "service", "ov-frontend")
    try:
        eventually("the proxy notices", lambda: platform.curl(platform.site)[0] == 503)
        _, answer = platform.curl(platform.site, "-i")
        assert "retry-after: 10" in answer.lower()
        assert "Back in a moment" in answer
    finally:
        again(platform, service)

    eventually("the site is back", lambda: platform.curl(platform.site)[0] == 200)


def logged(platform: Platform, name: str) -> list[dict[str, Any]]:
    """Return what the proxy has noted of the request called *name*."""
    lines = platform.kubectl("logs", "deployment/ov-nginx", "--since=2m").splitlines()
    return [json.loads(line) for line in lines if f'"{name}"' in line]


def again(platform: Platform, service: dict[str, Any]) -> None:
    """Make a Service anew, at another address."""
    kept = ("name", "namespace", "labels", "annotations")
    made = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {key: service["metadata"][key] for key in kept if key in service["metadata"]},
        "spec": {key: service["spec"][key] for key in ("selector", "ports")},
    }
    place = platform.instance.run / "service.json"
    place.write_text(json.dumps(made))
    platform.kubectl("apply", "--server-side", "--field-manager=openvault", "-f", str(place))
    place.unlink()

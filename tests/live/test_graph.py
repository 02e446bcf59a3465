"""`ov graph` on the running site: what it draws is what is there."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Page

from sandbox.instance import CHECKOUT
from tests.live.platform import Platform, eventually, host

pytestmark = pytest.mark.live

SVG = "{http://www.w3.org/2000/svg}"

# What sticks out of its box, of all that is written in boxes.
_STICKS_OUT = """() => [...document.querySelectorAll("g[data-box]")].flatMap(group => {
    const box = group.querySelector("rect.box").getBBox();
    return [...group.querySelectorAll("text")].filter(text => {
        const own = text.getBBox();
        return own.x < box.x || own.x + own.width > box.x + box.width
            || own.y < box.y || own.y + own.height > box.y + box.height;
    }).map(text => text.textContent);
})"""
_WRITTEN = "() => document.querySelectorAll('g[data-box] text').length"


def drawn(platform: Platform, path: Path) -> ET.Element:
    """Return the picture that `ov graph` draws now."""
    platform.run(str(CHECKOUT / "ov"), "graph", "ov-demo", "-o", str(path))
    return ET.fromstring(path.read_text())


def boxes(root: ET.Element) -> Mapping[str, ET.Element]:
    groups = root.iter(f"{SVG}g")
    return {each.attrib["data-box"]: each for each in groups if "data-box" in each.attrib}


def words(box: ET.Element) -> str:
    return " | ".join(each.text or "" for each in box.iter(f"{SVG}text"))


@pytest.fixture
def no_jumpbox(platform: Platform) -> Generator[None]:
    """Stop the jumpbox, and start it again afterwards."""
    platform.kubectl("scale", "deployment/jumpbox", "--replicas=0")
    yield
    platform.kubectl("scale", "deployment/jumpbox", "--replicas=1")
    platform.kubectl("rollout", "status", "deployment/jumpbox", "--timeout=60s")


def test_the_picture_has_what_runs_and_no_arrow_that_the_network_refuses(
    platform: Platform, page: Page, tmp_path: Path
) -> None:
    root = drawn(platform, tmp_path / "site.svg")

    found = boxes(root)
    makers = platform.objects("deployments,statefulsets")
    assert found.keys() >= {each["metadata"]["name"] for each in makers} | {"migrate"}
    assert host(platform.site) in words(found["edge"])
    for maker in makers:
        name = maker["metadata"]["name"]
        (pod,) = platform.objects("pods", "-l", f"app.kubernetes.io/name={name}")
        digest = pod["status"]["containerStatuses"][0]["imageID"].rpartition("@sha256:")[2]
        assert re.search(rf"· {digest[:12]}\b", words(found[name])), name
    arrows = {
        (each.attrib["data-source"], each.attrib["data-target"])
        for each in root.iter(f"{SVG}g")
        if "data-source" in each.attrib
    }
    assert {("edge", "ov-nginx"), ("ov-wag", "db"), ("jumpbox", "db")} <= arrows
    assert not {("ov-frontend", "db"), ("ov-nginx", "db"), ("jumpbox", "ov-wag")} & arrows

    page.set_content((tmp_path / "site.svg").read_text())
    assert page.evaluate(_WRITTEN) > 2 * len(makers)
    assert page.evaluate(_STICKS_OUT) == []


@pytest.mark.usefixtures("no_jumpbox")
def test_a_service_that_was_stopped_is_drawn_so(platform: Platform, tmp_path: Path) -> None:
    def stopped() -> bool:
        jumpbox = boxes(drawn(platform, tmp_path / "site.svg"))["jumpbox"]
        return jumpbox.attrib["data-state"] == "stopped"

    eventually("the jumpbox is drawn as stopped", stopped, seconds=30, every=1)

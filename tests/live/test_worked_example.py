"""The page about adding a service, done on a copy and deployed: the service answers, and leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.instance import CHECKOUT
from tests import recipes
from tests.live.platform import Platform, eventually
from tests.live.project import DEMO, Project, chosen, clone_into

pytestmark = pytest.mark.live

# What the pages have their reader write, and what holds the names of modules.
NAMED = ("feed", "preview_key", "proxy_workers", "release_0_3", "layers")


def up(platform: Platform) -> None:
    """Deploy the program of this checkout, which knows no such service."""
    platform.run("pulumi", "up", "--yes", "--skip-preview", "-s", DEMO)


@pytest.fixture(scope="module")
def example(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Deploy a copy in which the page was done; have the checkout's own program back at the end."""
    root = tmp_path_factory.mktemp("example")
    clone_into(root / "program")
    recipes.do(recipes.PAGES / "add-a-service.md", root / "program")
    project = Project(
        platform=platform, folder=root / "settings", stack=DEMO, program=root / "program"
    )
    settings = chosen(platform)
    config: dict[str, Any] = settings["config"]
    project.configure(
        settings
        | {
            "config": config
            | {
                "openvault:feedImage": f"{platform.instance.registry}/wgbhmla/feed:v0.1.0",
                "openvault:feedBuild": {
                    "context": "images/feed",
                    "args": config["openvault:proxyBuild"]["args"],
                },
            }
        }
    )
    project.pulumi("up", "--yes", "--skip-preview")
    yield project
    if deployed(platform, "feed"):
        up(platform)


def deployed(platform: Platform, name: str) -> bool:
    """Return whether a Deployment is there."""
    return name in platform.generations()


def ask(platform: Platform, asker: str, *, seconds: int) -> subprocess.CompletedProcess[str]:
    """Ask the new service from inside a pod of *asker*."""
    words = ("curl", "-sS", "--max-time", str(seconds), "http://feed/healthz")
    return platform.run("kubectl", "-n", DEMO, "exec", f"deploy/{asker}", "--", *words, check=False)


def test_the_tests_and_types_of_all_pages_are_well_on_a_copy(tmp_path: Path) -> None:
    copy = tmp_path / "program"
    clone_into(copy)
    files = {file for page in recipes.pages() for file in recipes.do(page, copy)}
    sources = sorted(str(file) for file in files if file.suffix == ".py")
    tests = [f"tests/test_{name}.py" for name in NAMED]
    (copy / ".venv").symlink_to(sys.prefix)

    for command in (["pyright", *sources], ["pytest", "-q", "-m", "not live", *tests]):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=copy, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_service_answers_visitors_with_what_the_back_end_knows(
    example: Project, platform: Platform
) -> None:
    eventually("the feed answers", lambda: platform.curl(f"{platform.site}/feed/")[0] == 200)
    status, body = platform.curl(f"{platform.site}/feed/")
    said = json.loads(body)

    assert status == 200
    assert said["meta"]["total_count"] >= 1
    assert all(item["title"] for item in said["items"])


def test_who_may_ask_it_is_answered_and_nobody_else(example: Project, platform: Platform) -> None:
    assert ask(platform, "ov-nginx", seconds=10).stdout == "ok\n"
    assert "feed" in platform.kubectl("exec", "deploy/jumpbox", "--", "getent", "hosts", "feed")
    assert ask(platform, "jumpbox", seconds=3).returncode


def test_without_the_line_it_is_taken_away_and_the_site_is_as_it_was(
    example: Project, platform: Platform
) -> None:
    up(platform)

    assert not deployed(platform, "feed")
    assert platform.curl(f"{platform.site}/feed/")[0] == 404
    assert platform.curl(platform.site)[0] == 200
    platform.run("pulumi", "preview", "-s", DEMO, "--expect-no-changes")


def test_the_copy_is_no_part_of_this_checkout() -> None:
    assert not (CHECKOUT / "components" / "feed.py").exists()

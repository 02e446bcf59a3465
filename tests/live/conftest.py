"""What every test of the running platform starts from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from sandbox.instance import CHECKOUT
from tests.live.browser import browser
from tests.live.platform import Platform


@pytest.fixture(scope="session")
def platform() -> Platform:
    """Bring up the sandbox of this run if it is not up."""
    up = subprocess.run(
        [sys.executable, "-m", "sandbox", "up"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert up.returncode == 0, f"`make up` failed:\n{up.stdout}{up.stderr}"
    return Platform.of_this_run()


@pytest.fixture(scope="module")
def window(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """Open a browser that trusts the sandbox."""
    home = tmp_path_factory.mktemp("browser")
    with browser(home, Path(platform.environment["OV_CA_FILE"])) as context:
        yield context


@pytest.fixture
def page(window: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a page as somebody whom no site knows yet; keep a picture of how it ended."""
    window.clear_cookies()
    page = window.new_page()
    # Twice as long as the slowest page took on a busy machine.
    page.set_default_timeout(15_000)
    yield page
    pictures = CHECKOUT / "build" / "screenshots"
    pictures.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=pictures / f"{request.node.name}.png", full_page=True)
    page.close()

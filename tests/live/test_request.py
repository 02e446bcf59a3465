"""One request's whole way, in a real browser: proxy, front end, back end, database, and back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from sandbox.instance import CHECKOUT
from tests.live.browser import browser
from tests.live.platform import Platform, host

pytestmark = pytest.mark.live

TITLES = (
    "select title from wagtailcore_page join exhibit_exhibitpage on page_ptr_id = id where live"
)

# A red square of 64 by 64 points.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PQQkAAAgAsetfWiP4FgYrsKZeS0BA"
    "QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEDgsqnc8OJ6Ln3iAAAAAElFTkSuQmCC"
)


@pytest.fixture(scope="module")
def window(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    home = tmp_path_factory.mktemp("browser")
    with browser(home, Path(platform.environment["OV_CA_FILE"])) as context:
        yield context


@pytest.fixture
def page(window: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    window.clear_cookies()
    page = window.new_page()
    # Twice as long as the slowest page took on a busy machine.
    page.set_default_timeout(15_000)
    yield page
    pictures = CHECKOUT / "build" / "screenshots"
    pictures.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=pictures / f"{request.node.name}.png", full_page=True)
    page.close()


def test_a_visitor_finds_an_exhibit_that_is_stored_in_postgresql(
    platform: Platform, page: Page
) -> None:
    title = platform.sql(TITLES)[0]

    page.goto(platform.site)
    page.get_by_role("link", name=title).first.click()

    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert host(page.url) == host(platform.site)


def test_every_picture_of_an_exhibit_arrives_in_the_browser(platform: Platform, page: Page) -> None:
    page.goto(platform.site)
    page.get_by_role("link", name=platform.sql(TITLES)[0]).first.click()

    page.wait_for_load_state("networkidle")
    pictures = page.locator("img")
    assert pictures.count() > 0
    assert [width(each) for each in pictures.all() if width(each) == 0] == []


def test_an_editor_publishes_a_picture_and_the_public_sees_it(
    platform: Platform, page: Page, tmp_path: Path
) -> None:
    title = f"An exhibit of {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    picture = tmp_path / "square.png"
    picture.write_bytes(PICTURE)
    parent = platform.sql("select id from wagtailcore_page where depth = 2")[0]

    log_in(page, platform)
    upload(page, platform, picture, "A red square")
    page.goto(f"{platform.admin}/admin/pages/add/exhibit/exhibitpage/{parent}/")
    page.get_by_placeholder("Page title").fill(title)
    page.get_by_role("button", name="Choose an image").first.click()
    choose(page, "A red square")
    page.get_by_role("button", name="Add author").click()
    page.get_by_role("button", name="Choose author").first.click()
    choose(page, "Miriam Calloway")
    page.get_by_role("button", name="More actions").last.click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("created and published")).to_be_visible()

    page.goto(platform.site)
    page.get_by_role("link", name=title).first.click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert width(page.locator("img").first) > 0


def test_a_stranger_is_not_let_into_the_cms(platform: Platform, page: Page) -> None:
    sign_in(page, platform, "stranger", "not the password")

    expect(page.get_by_text("didn't match")).to_be_visible()


def log_in(page: Page, platform: Platform) -> None:
    """Open the CMS as the administrator."""
    name, password = platform.administrator
    sign_in(page, platform, name, password)
    expect(page.get_by_role("heading", name="Open Vault")).to_be_visible()


def sign_in(page: Page, platform: Platform, name: str, password: str) -> None:
    """Fill in the form of the CMS."""
    page.goto(f"{platform.admin}/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def upload(page: Page, platform: Platform, picture: Path, title: str) -> None:
    page.goto(f"{platform.admin}/admin/images/add/")
    page.locator("input[type=file]").first.set_input_files(str(picture))
    page.get_by_label("Title").first.fill(title)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text(f"Image '{title}' added")).to_be_visible()


def choose(page: Page, name: str) -> None:
    """Take the first thing called *name* from the chooser that is open."""
    chooser = page.locator(".modal")
    chooser.get_by_role("link", name=name).first.click()
    expect(chooser).to_have_count(0)


def width(picture: Locator) -> int:
    return int(picture.evaluate("image => image.naturalWidth"))

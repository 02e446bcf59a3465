"""The handbook in a real browser: every page, by day and by night, on a phone and by keyboard."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.live.browser import browser
from tests.live.reader import Reader, build, served
from tests.test_handbook import PAGES

pytestmark = pytest.mark.live

# One page of each kind: a table of links, a picture, wide tables, long commands, a list of steps,
# a list of pages, a page of plain text.
KINDS = (
    "",
    "about/",
    "configuration/",
    "images/",
    "deploy/",
    "runbooks/",
    "decisions/",
    "decisions/0029-a-handbook-built-from-the-pages/",
)
PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}
_SCHEME = "document.body.dataset.mdColorScheme"


def place(page: str) -> str:
    """Return where a page of docs/ is below the handbook's address."""
    folder, _, name = page.removesuffix(".md").rpartition("/")
    return "".join(f"{part}/" for part in (folder, name) if part not in ("", "README"))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Generator[Reader]:
    """Build the handbook once and open it in one window."""
    folder = tmp_path_factory.mktemp("handbook")
    build(folder)
    with served(folder) as address, browser(tmp_path_factory.mktemp("reader")) as context:
        page = context.new_page()
        page.set_default_timeout(15_000)
        yield Reader(page, address, folder)


@pytest.fixture(autouse=True)
def _by_day(reader: Reader) -> None:
    reader.page.emulate_media(color_scheme="light")
    reader.page.set_viewport_size(DESK)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole_and_everybody_can_read_it(reader: Reader, page: str) -> None:
    reader.open(place(page))

    assert reader.look() == []
    assert reader.barriers() == []


def test_every_link_of_every_page_leads_somewhere(reader: Reader) -> None:
    assert len(reader.ids) == len(PAGES), "the pages were not walked before"
    assert reader.broken() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_dark_page_can_be_read_too(reader: Reader, kind: str) -> None:
    reader.page.emulate_media(color_scheme="dark")
    reader.open(kind)

    assert reader.page.locator("body").get_attribute("data-md-color-scheme") == "slate"
    assert reader.barriers() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_fits_a_phone(reader: Reader, kind: str) -> None:
    reader.page.set_viewport_size(PHONE)
    reader.open(kind)

    assert reader.overflow() == 0
    assert reader.barriers() == []


def test_who_has_no_mouse_skips_what_every_page_begins_with(reader: Reader) -> None:
    reader.open("about/")
    keyboard = reader.page.keyboard

    keyboard.press("Tab")
    expect(reader.page.get_by_role("link", name="Skip to content")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Tab")

    expect(reader.page.locator("article h1 a")).to_be_focused()


def test_the_search_is_opened_asked_and_followed_by_keyboard(reader: Reader) -> None:
    reader.open("")
    keyboard = reader.page.keyboard

    keyboard.press("/")
    expect(reader.page.get_by_role("textbox", name="Search")).to_be_focused()
    keyboard.type("drift")
    expect(reader.page.locator(".md-search-result__meta")).to_contain_text("matching document")
    first = reader.page.locator(".md-search-result__link").first
    expect(first).to_be_visible()
    keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    by_day = reader.barriers()
    reader.page.emulate_media(color_scheme="dark")
    by_night = reader.barriers()
    there = first.evaluate("link => link.href")
    keyboard.press("Enter")

    expect(reader.page).to_have_url(there)
    expect(reader.page.locator("article")).to_contain_text("drift", ignore_case=True)
    assert (by_day, by_night, reader.trouble) == ([], [], [])


def test_who_has_no_mouse_chooses_dark_pages_which_stay_dark(reader: Reader) -> None:
    reader.open("")
    keyboard = reader.page.keyboard
    scheme = reader.page.evaluate(_SCHEME)

    for _ in range(3):
        keyboard.press("Tab")
    expect(reader.page.get_by_role("radio", name="Light pages")).to_be_focused()
    keyboard.press("Enter")
    keyboard.press("Enter")
    chosen = reader.page.evaluate(_SCHEME)
    reader.open("about/")
    kept = reader.page.evaluate(_SCHEME)
    reader.page.evaluate("localStorage.clear()")

    assert (scheme, chosen, kept) == ("default", "slate", "slate")

"""One request's whole way, in a real browser: proxy, front end, back end, database, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.live.editor import PICTURE, log_in, publish, see, sign_in, upload, width
from tests.live.platform import Platform, host

pytestmark = pytest.mark.live

TITLES = (
    "select title from wagtailcore_page join exhibit_exhibitpage on page_ptr_id = id where live"
)


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

    log_in(page, platform.admin, platform.administrator)
    upload(page, platform.admin, picture, "A red square")
    form = f"{platform.admin}/admin/pages/add/exhibit/exhibitpage/{parent}/"
    publish(page, form, title, "A red square")

    see(page, platform.site, title)


def test_an_editor_uploads_twenty_megabytes_and_is_told_when_it_is_too_much(
    platform: Platform, page: Page, tmp_path: Path
) -> None:
    accepted, refused = (tmp_path / name for name in ("accepted.pdf", "refused.pdf"))
    accepted.write_bytes(b"%PDF-1.4" + b" " * 20_000_000)
    refused.write_bytes(b"%PDF-1.4" + b" " * 27_000_000)

    log_in(page, platform.admin, platform.administrator)
    bring(page, platform.admin, accepted)
    expect(page.get_by_text("Document 'accepted.pdf' added")).to_be_visible()

    bring(page, platform.admin, refused)
    expect(page.get_by_role("heading", name="That file is too large")).to_be_visible()


def test_a_stranger_is_not_let_into_the_cms(platform: Platform, page: Page) -> None:
    sign_in(page, platform.admin, "stranger", "not the password")

    expect(page.get_by_text("didn't match")).to_be_visible()


def bring(page: Page, admin: str, document: Path) -> None:
    page.goto(f"{admin}/admin/documents/add/")
    page.locator("input[type=file]").first.set_input_files(str(document))
    page.get_by_label("Title").first.fill(document.name)
    page.get_by_role("button", name="Upload").click()

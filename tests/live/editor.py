"""What an editor does in the CMS, by a real browser."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

# A red square of 64 by 64 points.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PQQkAAAgAsetfWiP4FgYrsKZeS0BA"
    "QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEDgsqnc8OJ6Ln3iAAAAAElFTkSuQmCC"
)


def publish(page: Page, form: str, title: str, picture: str) -> None:
    """Publish an exhibit by the *form* for a new one, with a *picture* that the CMS has."""
    page.goto(form)
    page.get_by_placeholder("Page title").fill(title)
    page.get_by_role("button", name="Choose an image").first.click()
    choose(page, picture)
    page.get_by_role("button", name="Add author").click()
    page.get_by_role("button", name="Choose author").first.click()
    choose(page, "Miriam Calloway")
    page.get_by_role("button", name="More actions").last.click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("created and published")).to_be_visible()


def see(page: Page, site: str, title: str) -> None:
    """Find an exhibit on the public site, with its picture."""
    page.goto(site)
    page.get_by_role("link", name=title).first.click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert width(page.locator("img").first) > 0


def log_in(page: Page, admin: str, administrator: tuple[str, str]) -> None:
    """Open the CMS at *admin* as its administrator."""
    sign_in(page, admin, *administrator)
    expect(page.get_by_role("heading", name="Open Vault")).to_be_visible()


def sign_in(page: Page, admin: str, name: str, password: str) -> None:
    """Fill in the form of the CMS."""
    page.goto(f"{admin}/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def upload(page: Page, admin: str, picture: Path, title: str) -> None:
    """Add a picture to the CMS."""
    page.goto(f"{admin}/admin/images/add/")
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
    """Return how wide a picture is in truth; 0 if it did not arrive."""
    return int(picture.evaluate("image => image.naturalWidth"))

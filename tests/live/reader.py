"""Somebody who reads the handbook in a browser, and notices what is not as it should be."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

from axe_playwright_python.base import AXE_SCRIPT  # pyright: ignore[reportMissingTypeStubs]
from playwright.sync_api import ConsoleMessage, Page, Request, Response
from typing_extensions import override

from declared.stacks import ROOT

# The rules of WCAG 2.0 and 2.1, levels A and AA, that a program can check.
_AXE = """async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
    const found = await axe.run({runOnly: tags, resultTypes: ["violations"]});
    return found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}"""
_MISSING = """() => Promise.all([...document.images].map(async image => {
    image.loading = "eager";
    await image.decode().catch(() => undefined);
    return image.naturalWidth > 0 ? null : image.src;
})).then(all => all.filter(each => each !== null))"""
_LINKS = "() => [...document.querySelectorAll('a[href]')].map(a => a.href)"
_IDS = "() => [...document.querySelectorAll('[id]')].map(each => each.id)"
# What is wider than the window and cannot be scrolled by itself moves the whole page sideways.
_TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def build(folder: Path) -> None:
    """Build the handbook into *folder*, as strictly as `make docs-build` does."""
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr


class _Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""


@contextmanager
def served(folder: Path) -> Generator[str]:
    """Serve *folder* on this machine; yield its address, which ends with a slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@dataclass
class Reader:
    """One window on a handbook that is served at *address*."""

    page: Page
    address: str
    folder: Path
    # What went wrong since the last page was opened.
    trouble: list[str] = field(default_factory=list[str])
    ids: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    # Address on this handbook → the page that links to it.
    links: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.trouble.append(f"script: {error}"))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.trouble.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        own = request.url.startswith((self.address, "data:", "blob:"))
        if not own:
            self.trouble.append(f"asks another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.trouble.append(f"{response.status}: {response.url}")

    def open(self, place: str) -> None:
        """Open a page, and wait until its scripts have run."""
        self.trouble.clear()
        self.page.goto(self.address + place, wait_until="load")
        self.page.wait_for_function("document.body.dataset.mdColorScheme !== undefined")

    def look(self) -> list[str]:
        """Return all that is wrong with the page that is open; remember its links."""
        missing = self.page.evaluate(_MISSING)
        here = urldefrag(self.page.url)[0]
        self.ids[here] = frozenset(self.page.evaluate(_IDS))
        for link in self.page.evaluate(_LINKS):
            if link.startswith(self.address):
                self.links.setdefault(link, here)
        return [*self.trouble, *(f"missing picture: {each}" for each in missing)]

    def barriers(self) -> list[str]:
        """Return what keeps some people from reading the page that is open."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        return self.page.evaluate(_AXE)

    def overflow(self) -> int:
        """Return how many pixels the page is wider than the window."""
        return self.page.evaluate(_TOO_WIDE)

    def broken(self) -> Mapping[str, str]:
        """Return each link to this handbook that leads nowhere, and the page that has it."""
        return {link: on for link, on in self.links.items() if not self._leads(link)}

    def _leads(self, link: str) -> bool:
        page, fragment = urldefrag(link)
        file = self.folder / unquote(urlsplit(page).path).lstrip("/")
        if page in self.ids:
            return not fragment or unquote(fragment) in self.ids[page]
        return file.is_file() and not fragment

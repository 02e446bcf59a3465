"""A client outside the cluster: it follows, keeps cookies and trusts what it is told to trust."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import httpx
from typing_extensions import override

from operations.errors import Exit, Refused

# Longer than any page takes on a busy machine, shorter than a person's patience.
PATIENCE = 15


class Loopback(httpx.HTTPTransport):
    """Reaches *.localhost on this machine, as browsers do and not every resolver."""

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        there = request.url
        return super().handle_request(
            # The request itself stays as it is: what a page links to begins at its address.
            httpx.Request(
                request.method,
                there.copy_with(host=address(there.host)),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": there.host},
            )
        )


def address(host: str) -> str:
    """Return where a host is: names below localhost are this machine."""
    return "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host


def authority(ca: Path | None) -> ssl.SSLContext:
    """Return whom to trust: *ca* too, if there is one."""
    context = ssl.create_default_context()
    if ca:
        try:
            context.load_verify_locations(cafile=str(ca))
        except (OSError, ssl.SSLError) as error:
            raise Refused(
                Exit.USAGE,
                f"{ca} holds no certificate to trust",
                str(error),
                "Name the file of your authority's certificate: --ca FILE",
            ) from None
    return context


def client(trusted: ssl.SSLContext) -> httpx.Client:
    """Return a client that follows redirects and believes in no proxy of this shell."""
    return httpx.Client(
        transport=Loopback(verify=trusted),
        follow_redirects=True,
        timeout=PATIENCE,
        headers={"User-Agent": "ov-smoke"},
    )


def expires(url: httpx.URL, trusted: ssl.SSLContext) -> datetime:
    """Return when the certificate at *url* ends; an SSLError says why it is not trusted."""
    where = (address(url.host), url.port or 443)
    with (
        socket.create_connection(where, timeout=PATIENCE) as plain,
        trusted.wrap_socket(plain, server_hostname=url.host) as secure,
    ):
        seen = secure.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(seen["notAfter"])), UTC)


@dataclass(slots=True)
class Page:
    """What a browser finds in a page: links, pictures, and what it loads to show it."""

    links: list[str]
    pictures: list[str]
    styles: list[str]
    scripts: list[str]
    fields: set[str]

    @classmethod
    def read(cls, answer: httpx.Response) -> Page:
        """Return what is in an answer, with whole addresses."""
        parser = _Parser(str(answer.url))
        parser.feed(answer.text)
        return parser.page


class _Parser(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.page = Page(links=[], pictures=[], styles=[], scripts=[], fields=set())

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        page = self.page
        wanted = {
            "a": (page.links, given.get("href")),
            "img": (page.pictures, given.get("src")),
            "script": (page.scripts, given.get("src")),
            "link": (page.styles, given.get("href") if given.get("rel") == "stylesheet" else None),
        }
        if tag == "input" and "name" in given:
            page.fields.add(given["name"])
        if tag in wanted:
            found, value = wanted[tag]
            if value and not value.startswith(("data:", "#", "mailto:")):
                found.append(urljoin(self._base, value))

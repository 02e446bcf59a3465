"""A whole site in one object, well unless a test makes it otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

SITE = "http://site.test"
ADMIN = "http://admin.test"

_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
_HTML = {**_HEADERS, "Content-Type": "text/html"}
_AWAY = httpx.Response(503, headers={"Retry-After": "10"}, text="Back in a moment")

HOME = """<link rel="stylesheet" href="/assets/site.css"><script src="/assets/site.js"></script>
<a href="/exhibits">Exhibits</a> <a href="mailto:us@example.org">write</a>"""
_LIST = '<a href="/exhibits/4">The first</a>'
_EXHIBIT = '<img src="/media/a.jpg"><img src="data:image/gif;base64,AA">'
LOGIN = """<link rel="stylesheet" href="/static/admin.0123456789ab.css">
<form><input name="csrfmiddlewaretoken" value="x"><input name="username"></form>"""


@dataclass(slots=True)
class FakeSite:
    """Answers as a healthy site; a path in *broken* has another answer."""

    broken: dict[str, httpx.Response | Exception] = field(
        default_factory=dict[str, "httpx.Response | Exception"]
    )
    any_host: bool = False

    def without(self, what: str) -> None:
        """Take a service away, as the proxy would notice."""
        paths = {
            "ov-wag": ["/admin/", "/admin/login/", "/api/v2/pages/", "/django-admin/login/"],
            "ov-frontend": ["/", "/exhibits", "/exhibits/4"],
        }
        self.broken |= dict.fromkeys(paths[what], _AWAY)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return what the site says."""
        host, path = request.headers["Host"], request.url.path
        if host not in {"site.test", "admin.test"} and not self.any_host:
            return httpx.Response(421, text="No site has this name here.")
        said = self.broken.get(path) or self.broken.get("*")
        if isinstance(said, Exception):
            raise said
        answer = said or _ANSWERS.get(path, _missing)(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def page(text: str, **headers: str) -> httpx.Response:
    """Return a page as a healthy site sends it; a header of None is left out."""
    return httpx.Response(200, headers=_HTML | headers, text=text)


def _missing(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(404, headers=_HTML, text="There is no such page")


def _admin(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"Location": "/admin/login/?next=/admin/"})


def _login(_request: httpx.Request) -> httpx.Response:
    return page(LOGIN, **{"Set-Cookie": "csrftoken=x; Path=/", "X-Frame-Options": "DENY"})


_ANSWERS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "/": lambda _: page(HOME),
    "/exhibits": lambda _: page(_LIST),
    "/exhibits/4": lambda _: page(_EXHIBIT),
    "/media/a.jpg": lambda _: httpx.Response(
        200, headers={"Content-Type": "image/jpeg"}, content=b"\xff\xd8"
    ),
    "/assets/site.css": lambda _: httpx.Response(200, headers={"Content-Type": "text/css"}),
    "/assets/site.js": lambda _: httpx.Response(200),
    "/admin/": _admin,
    "/admin/login/": _login,
    "/django-admin/login/": _login,
    "/static/admin.0123456789ab.css": lambda _: httpx.Response(
        200, headers={"Content-Type": "text/css"}
    ),
    "/api/v2/pages/": lambda _: httpx.Response(200, json={"meta": {"total_count": 3}}),
}

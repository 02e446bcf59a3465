"""What a healthy site does, one check each."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from operations.smoke.client import Page, client, expires

# An authority renews at a third of ninety days; who has less left has a renewal that fails.
_DAYS = 14

# What browsers have to be told on every page, and what is allowed; "" is anything.
_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How one check ended, in words."""

    name: str
    well: bool
    said: str
    # The status of the answer that decided it; 0 without one.
    status: int = 0
    # Whether the proxy's friendly page came instead of what was asked for.
    away: bool = False


class FaultError(Exception):
    """What is wrong, as a person would say it."""

    def __init__(self, said: str, answer: httpx.Response | None = None) -> None:
        super().__init__(said)
        self.answer = answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where the site and its admin are, and where its back end says that it lives."""

    site: httpx.URL
    admin: httpx.URL
    # A page of the back end that asks nobody else.
    alive: str
    trusted: ssl.SSLContext
    # Whether a site without exhibits is as it should be.
    empty: bool = False


Check = Callable[[Site, httpx.Client], str]


def run(target: Site) -> list[Result]:
    """Return how every check ends; one that fails hides no other."""
    return [_result(name, check, target) for name, check in CHECKS.items()]


def _result(name: str, check: Check, target: Site) -> Result:
    try:
        with client(target.trusted) as browser:
            return Result(name=name, well=True, said=check(target, browser))
    except FaultError as fault:
        answer = fault.answer
        return Result(
            name=name,
            well=False,
            said=str(fault),
            status=answer.status_code if answer else 0,
            away=answer is not None
            and answer.status_code == 503
            and "Retry-After" in answer.headers,
        )
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        return Result(name=name, well=False, said=str(problem) or type(problem).__name__)


def _get(browser: httpx.Client, url: httpx.URL | str, kind: str = "*/*") -> httpx.Response:
    """Return an answer that is well, of a kind that may be chosen."""
    answer = browser.get(url, headers={"Accept": kind})
    if answer.status_code != 200:
        raise FaultError(f"{answer.url} answers {answer.status_code}", answer)
    return answer


def _certificate(url: httpx.URL, target: Site) -> str:
    if url.scheme != "https":
        return f"{url.host} is reached without TLS, as its address says"
    try:
        left = (expires(url, target.trusted) - datetime.now(UTC)).days
    except ssl.SSLCertVerificationError as error:
        raise FaultError(
            f"the certificate of {url.host} is not valid: {error.verify_message}"
        ) from None
    if left < _DAYS:
        raise FaultError(f"the certificate of {url.host} ends in {left} days, and was not renewed")
    return f"valid for {left} days"


def _site_certificate(target: Site, _browser: httpx.Client) -> str:
    return _certificate(target.site, target)


def _admin_certificate(target: Site, _browser: httpx.Client) -> str:
    return _certificate(target.admin, target)


def _plain_http(target: Site, browser: httpx.Client) -> str:
    """Nobody reads the site on a connection that others can read."""
    if target.site.scheme != "https":
        return "the site has no TLS, as its address says"
    plain = target.site.copy_with(scheme="http", port=None)
    try:
        answer = browser.get(plain, follow_redirects=False)
    except httpx.ConnectError:
        return "nobody answers there"
    to = answer.headers.get("Location", "")
    if answer.is_redirect and to.startswith("https://"):
        return "sends browsers to https"
    raise FaultError(f"{plain} answers {answer.status_code} in clear", answer)


def _home(target: Site, browser: httpx.Client) -> str:
    begun = time.monotonic()
    answer = _get(browser, target.site)
    if "text/html" not in answer.headers.get("Content-Type", ""):
        raise FaultError(f"{answer.url} is no page", answer)
    page = Page.read(answer)
    for asset in dict.fromkeys([*page.styles, *page.scripts]):
        if httpx.URL(asset).host == target.site.host:
            _get(browser, asset)
    return f"there in {time.monotonic() - begun:.1f} s, with all that it loads"


def _exhibit(target: Site, browser: httpx.Client) -> httpx.Response | None:
    """Return the page of the first exhibit that can be found from the home page."""
    home = Page.read(_get(browser, target.site))
    links = [*home.links]
    if listing := next((each for each in links if _path(each) == "/exhibits"), None):
        links += Page.read(_get(browser, listing)).links
    found = next((each for each in links if _path(each).startswith("/exhibits/")), None)
    if found is None and not target.empty:
        raise FaultError("no exhibit is to be found (a new site without any: --empty)")
    return _get(browser, found) if found else None


def _path(url: str) -> str:
    return httpx.URL(url).path.rstrip("/")


def _exhibit_page(target: Site, browser: httpx.Client) -> str:
    answer = _exhibit(target, browser)
    return f"{answer.url.path} is there" if answer else "there is none yet"


def _picture(target: Site, browser: httpx.Client) -> str:
    answer = _exhibit(target, browser)
    if answer is None:
        return "there is none yet"
    pictures = Page.read(answer).pictures
    if not pictures:
        raise FaultError(f"{answer.url} shows no picture", answer)
    shown = _get(browser, pictures[0])
    kind = shown.headers.get("Content-Type", "")
    if not kind.startswith("image/") or not shown.content:
        raise FaultError(f"{shown.url} is no picture but {kind or 'nothing'}", shown)
    return f"{len(shown.content)} bytes of {kind}"


def _alive(target: Site, browser: httpx.Client) -> str:
    _get(browser, target.admin.join(target.alive))
    return "the back end answers, whatever its database does"


def _api(target: Site, browser: httpx.Client) -> str:
    answer = _get(browser, target.admin.join("/api/v2/pages/"), "application/json")
    try:
        count = int(answer.json()["meta"]["total_count"])
    except (ValueError, LookupError, TypeError):
        raise FaultError(f"{answer.url} is not Wagtail's API", answer) from None
    return f"{count} pages"


def _login(target: Site, browser: httpx.Client) -> str:
    answer = _get(browser, target.admin.join("/admin/"))
    page = Page.read(answer)
    if not answer.history:
        raise FaultError("/admin/ is open to everybody: it does not ask for a login", answer)
    if "csrfmiddlewaretoken" not in page.fields:
        raise FaultError(f"{answer.url} has no login form with a CSRF token", answer)
    cookies = {cookie.name: cookie for cookie in browser.cookies.jar}
    if "csrftoken" not in cookies:
        raise FaultError(f"{answer.url} sets no csrftoken cookie: nobody can log in", answer)
    if target.admin.scheme == "https" and not cookies["csrftoken"].secure:
        raise FaultError(
            "the csrftoken cookie may travel in clear: it is not marked Secure", answer
        )
    return "a form, a CSRF token and its cookie"


def _static(target: Site, browser: httpx.Client) -> str:
    page = Page.read(_get(browser, target.admin.join("/admin/")))
    if not page.styles:
        raise FaultError("the login page names no style sheet")
    for style in page.styles:
        answer = _get(browser, style)
        kind = answer.headers.get("Content-Type", "")
        if not kind.startswith("text/css"):
            raise FaultError(f"{style} is no style sheet but {kind or 'nothing'}", answer)
    return f"{len(page.styles)} style sheets of the login page"


def _headers(target: Site, browser: httpx.Client) -> str:
    for url in (target.site, target.admin.join("/admin/login/")):
        answer = _get(browser, url)
        for header, allowed in _HEADERS.items():
            value = answer.headers.get(header, "")
            if not value or allowed not in ("", value):
                raise FaultError(f"{url} comes with {header}: {value or 'nothing'}", answer)
        framed = answer.headers.get("X-Frame-Options") or (
            "frame-ancestors" in answer.headers.get("Content-Security-Policy", "")
        )
        if url.host == target.admin.host and not framed:
            raise FaultError(
                f"{url} may be shown inside any other site: no X-Frame-Options", answer
            )
    return ", ".join([*_HEADERS, "X-Frame-Options"])


def _wrong_host(target: Site, browser: httpx.Client) -> str:
    """Whoever comes under another name is not shown the site: links would carry that name."""
    answer = browser.get(target.site, headers={"Host": "wrong.invalid"}, follow_redirects=False)
    if answer.status_code < 400:
        raise FaultError(f"the site answers {answer.status_code} to Host: wrong.invalid", answer)
    return f"refused with {answer.status_code}"


def _missing(target: Site, browser: httpx.Client) -> str:
    answer = browser.get(target.site.join("/exhibits/there-is-none-of-this-name"))
    if answer.status_code != 404:
        raise FaultError(f"{answer.url} answers {answer.status_code} and not 404", answer)
    return "404"


CHECKS: Mapping[str, Check] = {
    "certificate of the site": _site_certificate,
    "certificate of the admin": _admin_certificate,
    "plain http": _plain_http,
    "home": _home,
    "exhibit": _exhibit_page,
    "picture": _picture,
    "page that is not there": _missing,
    "back end": _alive,
    "API": _api,
    "login form": _login,
    "static files": _static,
    "security headers": _headers,
    "wrong host": _wrong_host,
}

"""`ov smoke`: a healthy site is well, and of a sick one the culprit is named."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from operations.errors import Exit
from operations.smoke import checks, command, inside
from operations.smoke.checks import CHECKS, Result, Site
from operations.smoke.client import Page, address
from operations.smoke.culprit import culprits
from tests.operations.conftest import Ov
from tests.operations.site import ADMIN, HOME, LOGIN, SITE, FakeSite, page
from tests.programs import program

WORDS = ("--site", SITE, "--admin", ADMIN, "--stack", "ov-demo")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeSite:
    """Return the only site there is."""
    site = FakeSite()

    def client(_trusted: ssl.SSLContext) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(site.answer), follow_redirects=True)

    monkeypatch.setattr(checks, "client", client)
    return site


@pytest.fixture
def ov(typed: Ov, settings: Path, monkeypatch: pytest.MonkeyPatch) -> Ov:
    """Return a way to type `ov smoke …`, where the cluster knows of nothing missing."""
    assert settings.is_dir()
    monkeypatch.setattr(inside, "unready", knowing())
    return partial(typed, "smoke")


def knowing(*names: str) -> Callable[[str, str], list[str]]:
    """Return a cluster that knows these to have too few pods."""

    def unready(context: str, namespace: str) -> list[str]:
        assert (context, namespace) == ("ov-demo", "ov-demo")
        return list(names)

    return unready


def test_a_healthy_site_is_well(fake: FakeSite, ov: Ov) -> None:
    said = ov(*WORDS)

    assert said.code == 0, said.err
    assert said.out.count("well") == len(CHECKS)


def broken(answer: httpx.Response | Exception, *paths: str) -> Callable[[FakeSite], None]:
    def breaks(site: FakeSite) -> None:
        site.broken |= dict.fromkeys(paths, answer)

    return breaks


NOT_FOUND = httpx.Response(404)
REFUSED = httpx.ConnectError("Connection refused")

# What is wrong, and with which words the culprit is named first.
FAULTS: dict[str, tuple[Callable[[FakeSite], None], str]] = {
    "the cluster is not reached": (broken(REFUSED, "*"), "the way to the cluster"),
    "the proxy is away": (broken(httpx.Response(503), "*"), "ov-nginx:"),
    "the back end is away": (lambda site: site.without("ov-wag"), "ov-wag, or db"),
    "the front end is away": (lambda site: site.without("ov-frontend"), "ov-frontend:"),
    "the database is away": (
        broken(httpx.Response(500), "/", "/exhibits", "/exhibits/4", "/admin/", "/api/v2/pages/"),
        "db:",
    ),
    "the front end fails": (broken(httpx.Response(500), "/"), "ov-frontend:"),
    "no static files": (broken(NOT_FOUND, "/static/admin.0123456789ab.css"), "static files:"),
    "a static file is a page": (
        broken(page("sorry"), "/static/admin.0123456789ab.css"),
        "static files:",
    ),
    "no media": (broken(NOT_FOUND, "/media/a.jpg"), "media:"),
    "a picture is a page": (broken(page("sorry"), "/media/a.jpg"), "media:"),
    "no exhibit": (broken(page("none"), "/exhibits"), "the content:"),
    "a missing header": (
        broken(httpx.Response(200, headers={"Content-Type": "text/html"}, text=HOME), "/"),
        "ov-nginx: a header",
    ),
    "no CSRF token": (
        broken(page(LOGIN.replace("csrfmiddlewaretoken", "other")), "/admin/login/"),
        "ov-wag's settings:",
    ),
    "no CSRF cookie": (broken(page(LOGIN), "/admin/login/"), "ov-wag's settings:"),
    "an admin that is open": (broken(page(LOGIN), "/admin/"), "ov-wag's settings:"),
    "any host is let in": (lambda site: setattr(site, "any_host", True), "the edge and ov-nginx:"),
    "a missing page that is none": (
        broken(page("soft"), "/exhibits/there-is-none-of-this-name"),
        "ov-frontend: a page that does not exist",
    ),
    "an API that is none": (broken(page("soft"), "/api/v2/pages/"), "ov-wag: its API"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_culprit_is_named(name: str, fake: FakeSite, ov: Ov) -> None:
    breaks, culprit = FAULTS[name]
    breaks(fake)

    said = ov(*WORDS, "--json")

    assert said.code == Exit.SICK
    found = json.loads(said.out)["culprits"]
    assert found[0].startswith(culprit), found
    assert "STACK" not in said.err
    assert "Traceback" not in said.err


def test_where_the_cluster_can_be_asked_the_first_that_is_missing_is_named(
    fake: FakeSite, ov: Ov, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.without("ov-wag")
    monkeypatch.setattr(inside, "unready", knowing("jumpbox", "ov-wag", "db"))

    assert "db: too few of its pods are ready" in ov(*WORDS).err


@pytest.mark.parametrize("kind", ["deployments", "no kubectl", "no cluster"])
def test_the_cluster_says_which_pods_are_missing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [
        {"metadata": {"name": "db"}, "status": {}},
        {"metadata": {"name": "ov-wag"}, "status": {"readyReplicas": 1}},
    ]
    (tmp_path / "said").write_text(json.dumps({"items": items}))
    script = {"deployments": f"/bin/cat {tmp_path}/said", "no cluster": "exit 1"}
    if kind in script:
        program(tmp_path / "kubectl", script[kind])
    monkeypatch.setenv("PATH", str(tmp_path))

    assert inside.unready("a", "ov-demo") == (["db"] if kind == "deployments" else [])


def result(name: str, said: str) -> Result:
    return Result(name=name, well=False, said=said)


def test_a_certificate_that_ended_is_told_before_all_that_fails_for_it() -> None:
    said = "the certificate of site.test is not valid: certificate has expired"
    results = [result(name, said) for name in CHECKS]

    assert culprits(results)[0].startswith(f"the certificate: {said}")


def test_a_certificate_that_is_not_renewed_is_told_while_all_is_well() -> None:
    late = "the certificate of the site"
    results = [Result(name=name, well=name != late[4:], said="") for name in CHECKS]

    assert culprits(results) == [f"{late}: see tlsSecret, or who renews it"]


def test_a_new_site_may_have_no_exhibits(fake: FakeSite, ov: Ov) -> None:
    broken(page("none"), "/exhibits")(fake)

    assert ov(*WORDS, "--empty").code == 0


def test_a_site_that_comes_up_is_waited_for(
    fake: FakeSite, ov: Ov, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.without("ov-wag")

    def sleep(_seconds: float) -> None:
        fake.broken.clear()

    monkeypatch.setattr(command.time, "sleep", sleep)

    assert ov(*WORDS, "--wait", "60").code == 0


@pytest.mark.parametrize("url", ["demo.example.org", "ftp://a", "https://"])
def test_what_is_no_address_is_refused(url: str, fake: FakeSite, ov: Ov) -> None:
    said = ov("--site", url, "--admin", ADMIN, "--stack", "ov-demo")

    assert said.code == Exit.USAGE
    assert "no address" in said.err


def test_a_stack_that_was_never_deployed_is_told(
    ov: Ov, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "pulumi", "echo error: no stack >&2; exit 255")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    said = ov("--stack", "ov-demo")

    assert said.code == Exit.SETTINGS
    assert "--site" in said.err


def test_an_authority_that_is_none_is_refused(ov: Ov, fake: FakeSite, tmp_path: Path) -> None:
    said = ov(*WORDS, "--ca", str(tmp_path / "none"))

    assert said.code == Exit.USAGE
    assert "no certificate to trust" in said.err


def test_names_below_localhost_are_this_machine() -> None:
    assert address("ov-demo.localhost") == "127.0.0.1"
    assert address("localhost.example.org") == "localhost.example.org"


def test_what_a_browser_would_load_is_found() -> None:
    answer = httpx.Response(
        200,
        request=httpx.Request("GET", f"{SITE}/a/b"),
        text='<a href="../c">c</a><img src="d.jpg"><link rel=icon href="/e"><input name=f>',
    )

    found = Page.read(answer)

    assert found.links == [f"{SITE}/c"]
    assert found.pictures == [f"{SITE}/a/d.jpg"]
    assert found.styles == []
    assert found.fields == {"f"}


def test_https_needs_no_certificate_where_the_address_has_none() -> None:
    target = Site(
        site=httpx.URL(SITE),
        admin=httpx.URL(ADMIN),
        alive="/",
        trusted=ssl.create_default_context(),
    )

    with httpx.Client() as browser:
        assert "without TLS" in CHECKS["certificate of the site"](target, browser)


def left_with(days: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what is said of a certificate that ends in so many days."""

    def expires(_url: httpx.URL, _trusted: ssl.SSLContext) -> datetime:
        return datetime.now(UTC) + timedelta(days=days, hours=1)

    monkeypatch.setattr(checks, "expires", expires)
    url = httpx.URL("https://site.test")
    target = Site(site=url, admin=url, alive="/", trusted=ssl.create_default_context())
    with httpx.Client() as browser:
        return CHECKS["certificate of the site"](target, browser)


def test_a_certificate_that_ends_soon_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(checks.FaultError, match="ends in 13 days"):
        left_with(13, monkeypatch)


def test_a_certificate_that_lasts_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert left_with(15, monkeypatch) == "valid for 15 days"

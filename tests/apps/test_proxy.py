"""What the public door does with a request, tried with real requests."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from sandbox.instance import CHECKOUT
from tests.apps.conftest import ADMIN, SITE, Proxy, Start
from tests.apps.upstream import Names, echo

pytestmark = pytest.mark.live

ENTRYPOINT = CHECKOUT / "images/ov-nginx/entrypoint.sh"


def test_the_site_is_the_front_end_and_the_admin_host_the_cms(start: Start) -> None:
    with echo() as front, echo() as back:
        proxy = start(FRONTEND=f"127.0.0.1:{front}", BACKEND=f"127.0.0.1:{back}")
        answered = [proxy.ask(host, "/somewhere").json()["port"] for host in (SITE, ADMIN)]

    assert answered == [front, back]


def test_a_service_beside_the_site_answers_below_its_path_and_nowhere_else(start: Start) -> None:
    with echo() as front, echo() as beside:
        upstream = f"127.0.0.1:{front}"
        proxy = start(FRONTEND=upstream, BACKEND=upstream, ROUTES=f"/old/=127.0.0.1:{beside}")
        said = {path: proxy.ask(SITE, path).json() for path in ("/old/page?a=b", "/older")}
        editors = proxy.ask(ADMIN, "/old/page").json()["port"]

    assert (said["/old/page?a=b"]["port"], said["/older"]["port"]) == (beside, front)
    assert said["/old/page?a=b"]["path"] == "/old/page?a=b"
    assert said["/old/page?a=b"]["headers"]["Host"] == SITE
    assert editors == front


def test_a_service_beside_the_site_that_is_away_takes_nothing_along(start: Start) -> None:
    with echo() as front:
        upstream = f"127.0.0.1:{front}"
        proxy = start(FRONTEND=upstream, BACKEND=upstream, ROUTES="/old/=127.0.0.1:1")
        away, home = proxy.ask(SITE, "/old/page"), proxy.ask(SITE)

    assert (away.status_code, away.headers["Retry-After"]) == (503, "10")
    assert home.status_code == 200


@pytest.mark.parametrize(
    "routes", ["/old=old:80", "//=old:80", "/o;/=old:80", "/old/=o;ld:80", "old:80", "/old/=old"]
)
def test_a_route_that_is_none_is_refused_by_its_name(routes: str, tmp_path: Path) -> None:
    settings = {"SITE_HOST": SITE, "ADMIN_HOST": ADMIN, "FRONTEND": "f:80", "BACKEND": "b:80"}
    done = subprocess.run(
        ["sh", str(ENTRYPOINT), "check"],
        env={"PATH": "/usr/bin:/bin", "RUN_DIR": str(tmp_path), "ROUTES": routes, **settings},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert f"ROUTES has {routes}. A good one:" in done.stderr


def test_a_request_is_handed_on_as_it_came(proxy: Proxy) -> None:
    site, admin = (proxy.ask(host, "/somewhere?a=b").json() for host in (SITE, ADMIN))

    assert site["path"] == admin["path"] == "/somewhere?a=b"
    assert site["headers"]["Host"] == SITE
    assert admin["headers"]["Host"] == ADMIN


def test_a_port_in_the_address_reaches_the_cms_which_compares_origins(proxy: Proxy) -> None:
    said = proxy.ask(f"{ADMIN}:8443", "/admin/").json()["headers"]

    assert said["Host"] == f"{ADMIN}:8443"


def test_the_scheme_the_edge_saw_is_handed_on(proxy: Proxy) -> None:
    said = proxy.ask(ADMIN, "/admin/", X_Forwarded_Proto="https").json()["headers"]

    assert said["X-Forwarded-Proto"] == "https"


@pytest.mark.parametrize("scheme", ["", "gopher", "https, http"])
def test_a_scheme_that_is_none_is_replaced_by_what_is_seen(proxy: Proxy, scheme: str) -> None:
    said = proxy.ask(ADMIN, "/admin/", X_Forwarded_Proto=scheme).json()["headers"]

    assert said["X-Forwarded-Proto"] == "http"


def test_the_client_is_the_one_the_edge_names(proxy: Proxy) -> None:
    said = proxy.ask(SITE, X_Forwarded_For="203.0.113.9").json()["headers"]

    assert said["X-Forwarded-For"] == said["X-Real-IP"] == "203.0.113.9"


def test_a_stranger_is_not_believed(start: Start) -> None:
    with echo() as port:
        upstream = f"127.0.0.1:{port}"
        proxy = start(FRONTEND=upstream, BACKEND=upstream, TRUSTED_PROXIES="192.0.2.0/24")
        said = proxy.ask(
            ADMIN,
            "/admin/",
            X_Forwarded_For="203.0.113.9",
            X_Forwarded_Proto="https",
            X_Request_ID="chosen",
        ).json()["headers"]

    assert said["X-Forwarded-For"] == "127.0.0.1"
    assert said["X-Forwarded-Proto"] == "http"
    assert said["X-Request-ID"] != "chosen"


def test_the_front_ends_inner_address_never_reaches_a_browser(proxy: Proxy) -> None:
    page = proxy.ask(SITE, "/page", Accept_Encoding="gzip").text

    assert '<img src="/media/a.jpg">' in page
    assert '{"apiUrl":""}' in page
    assert "http://ov-wag:8000-handbook.example.org/" in page


@pytest.mark.parametrize("host", [SITE, ADMIN])
def test_browsers_are_told_what_no_application_says(proxy: Proxy, host: str) -> None:
    told = proxy.ask(host, "/page").headers

    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert told["X-Frame-Options"] == "SAMEORIGIN"


def test_what_an_application_says_itself_is_said_once(proxy: Proxy) -> None:
    told = proxy.ask(ADMIN, "/stern").headers

    assert told.get_list("X-Frame-Options") == ["DENY"]


def test_pictures_are_served_on_both_hosts(proxy: Proxy) -> None:
    (proxy.files / "media/a.jpg").write_bytes(b"picture")

    for host in (SITE, ADMIN):
        answer = proxy.ask(host, "/media/a.jpg")
        assert (answer.content, answer.headers["Content-Type"]) == (b"picture", "image/jpeg")
        assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_an_uploaded_page_runs_no_program_of_its_own(proxy: Proxy) -> None:
    (proxy.files / "media/a.svg").write_text("<svg/>")

    answer = proxy.ask(SITE, "/media/a.svg")

    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_with_its_hash_in_its_name_is_kept_for_good(proxy: Proxy) -> None:
    for name in ("core.2e16d0ba1f3c.css", "core.css"):
        (proxy.files / "static" / name).write_text("body {}")

    hashed = proxy.ask(ADMIN, "/static/core.2e16d0ba1f3c.css").headers["Cache-Control"]
    plain = proxy.ask(ADMIN, "/static/core.css").headers["Cache-Control"]

    assert hashed == "public, max-age=31536000, immutable"
    assert plain == "public, max-age=300"


@pytest.mark.parametrize(
    "path", ["/media../secret", "/static../secret", "/media/../secret", "/media/%2e%2e/secret"]
)
def test_nothing_outside_the_volumes_is_served(proxy: Proxy, path: str) -> None:
    (proxy.files / "secret").write_text("token")

    answer = subprocess.run(
        [
            *("curl", "--silent", "--path-as-is", "--header", f"Host: {SITE}"),
            f"http://127.0.0.1:{proxy.port}{path}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "token" not in answer.stdout


def test_an_upload_up_to_the_limit_passes(proxy: Proxy) -> None:
    answer = proxy.ask(ADMIN, "/admin/images/add/", "POST", b"x" * 12 * 2**20)

    assert answer.status_code == 200


def test_a_larger_one_is_refused_in_words(proxy: Proxy) -> None:
    answer = proxy.ask(ADMIN, "/admin/images/add/", "POST", b"x" * 21 * 2**20)

    assert answer.status_code == 413
    assert "too large" in answer.text


def test_the_admin_hosts_root_leads_to_the_admin(proxy: Proxy) -> None:
    answer = proxy.ask(ADMIN)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(("scheme", "marks"), [("https", ["secure"]), ("http", [])])
def test_an_editor_stays_logged_in_with_and_without_tls(
    start: Start, scheme: str, marks: list[str]
) -> None:
    with echo() as port:
        upstream = f"127.0.0.1:{port}"
        proxy = start(FRONTEND=upstream, BACKEND=upstream, ADMIN_SCHEME=scheme)
        cookie = proxy.ask(ADMIN, "/admin/login/").headers["Set-Cookie"]

    assert re.findall("secure", cookie.lower()) == marks
    assert "httponly" in cookie.lower()


def test_an_unknown_host_gets_nothing(proxy: Proxy) -> None:
    assert proxy.ask("elsewhere.example.org").status_code == 421


@pytest.mark.parametrize("host", [SITE, ADMIN, "10.244.0.9:8080"])
def test_a_probe_is_answered_under_any_name(proxy: Proxy, host: str) -> None:
    assert proxy.ask(host, "/healthz").text == "ok\n"


def test_every_request_is_one_line_of_json_under_one_name(proxy: Proxy) -> None:
    said = proxy.ask(SITE, "/logged", X_Request_ID="edge-7", User_Agent='a "quoted" one')

    assert said.json()["headers"]["X-Request-ID"] == "edge-7"
    line = proxy.line("/logged")
    assert (line["request_id"], line["status"], line["host"]) == ("edge-7", "200", SITE)
    assert line["agent"] == 'a "quoted" one'


def test_probes_are_not_logged(proxy: Proxy) -> None:
    proxy.ask(SITE, "/healthz")
    proxy.ask(SITE, "/after")

    assert proxy.line("/after")
    assert "/healthz" not in proxy.log.read_text()


def test_large_answers_are_compressed(proxy: Proxy) -> None:
    answer = proxy.ask(SITE, "/" + "a" * 2000, Accept_Encoding="gzip")

    assert answer.headers["Content-Encoding"] == "gzip"


def test_the_version_is_nobodys_business(proxy: Proxy) -> None:
    assert proxy.ask(SITE).headers["Server"] == "nginx"


def test_an_answer_of_the_application_is_never_replaced(proxy: Proxy) -> None:
    answer = proxy.ask(SITE, "/fails")

    assert (answer.status_code, answer.text) == (503, "our own words")


@pytest.mark.parametrize("host", [SITE, ADMIN])
def test_a_reader_whose_answer_was_cut_off_is_served_by_another_try(
    proxy: Proxy, host: str
) -> None:
    answer = proxy.ask(host, f"/cut/{host}")

    assert (answer.status_code, answer.text) == (200, "answered")


def test_what_changes_something_is_never_sent_twice(proxy: Proxy) -> None:
    answer = proxy.ask(ADMIN, "/cut/write", "POST", b"title=A")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Back in a moment" in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_says_so_kindly_when_nobody_answers_behind_it(start: Start, method: str) -> None:
    proxy = start(FRONTEND="127.0.0.1:9", BACKEND="127.0.0.1:9")

    for host in (SITE, ADMIN):
        answer = proxy.ask(host, "/anything", method)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "Back in a moment" in answer.text


def test_it_starts_before_its_services_and_follows_them(
    start: Start, names: Names, tmp_path: Path
) -> None:
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("search ov-demo.svc.cluster.local svc.cluster.local\nnameserver 127.0.53.1\n")
    with echo("127.0.0.2") as port, echo("127.0.0.3", port):
        service = f"ov-frontend:{port}"
        # Each worker remembers names by itself: another one would find the new address at once.
        proxy = start(FRONTEND=service, BACKEND=service, RESOLV_CONF=str(resolv), WORKERS="1")
        assert proxy.ask(SITE).status_code == 503

        names.known["ov-frontend.ov-demo.svc.cluster.local"] = "127.0.0.2"
        assert _address(proxy, "127.0.0.2")
        names.known["ov-frontend.ov-demo.svc.cluster.local"] = "127.0.0.3"
        assert _address(proxy, "127.0.0.3")

    assert names.asked == {"ov-frontend.ov-demo.svc.cluster.local"}


def test_outside_a_cluster_a_service_has_its_short_name(
    start: Start, names: Names, tmp_path: Path
) -> None:
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("search office.example.org\nnameserver 127.0.53.1\n")
    proxy = start(FRONTEND="ov-frontend:3000", BACKEND="ov-wag:80", RESOLV_CONF=str(resolv))

    proxy.ask(SITE)

    assert names.asked == {"ov-frontend"}


def _address(proxy: Proxy, address: str) -> bool:
    """Wait until the front end at *address* answers; nginx keeps a name for five seconds."""
    for _ in range(80):
        answer = proxy.ask(SITE)
        if answer.is_success and answer.json()["address"] == address:
            return True
        time.sleep(0.1)
    return False


GOOD = {
    "SITE_HOST": SITE,
    "ADMIN_HOST": ADMIN,
    "FRONTEND": "ov-frontend:3000",
    "BACKEND": "ov-wag:8000",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_HOST", ""),
        ("SITE_HOST", "a.example.org; return 200"),
        ("ADMIN_HOST", "https://admin.example.org"),
        ("FRONTEND", "ov-frontend"),
        ("BACKEND", "ov wag:8000"),
        ("ADMIN_SCHEME", "ftp"),
        ("UPLOAD_LIMIT", "20 MB"),
        ("TRUSTED_PROXIES", "everybody;"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(name: str, value: str, tmp_path: Path) -> None:
    refused = subprocess.run(
        ["sh", ENTRYPOINT],
        env={"PATH": "/usr/bin:/bin", "RUN_DIR": str(tmp_path), **GOOD, name: value},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert refused.stderr.startswith("ov-nginx cannot start: ")
    assert name in refused.stderr or value in refused.stderr
    assert not list(tmp_path.iterdir())

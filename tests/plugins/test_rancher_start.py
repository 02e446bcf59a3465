"""How the rancher2 plugin is configured, and how it finds out whether Rancher is ready."""

import http.server
import json
import ssl
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typing_extensions import override

from sandbox.cluster.pki import Authority, Leaf
from sandbox.plugins.rancher2 import settings
from sandbox.plugins.rancher2.client import Rancher
from sandbox.plugins.rancher2.connection import HttpConnection
from sandbox.plugins.rancher2.errors import RancherError
from sandbox.plugins.rancher2.settings import Settings, SettingsError
from sandbox.plugins.rancher2.waiting import Clock
from tests.plugins.provider import error_of
from tests.plugins.rancher import (
    BASE,
    BINDING,
    NAMESPACE,
    PROJECT,
    START,
    TOKEN,
    Plugin,
    Time,
    schemas,
)

HERE: dict[str, Any] = {"clusterId": "local"}


# Settings


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"apiUrl": ""}, "[ERROR] Normalizing url: no api_url provided"),
        ({"apiUrl": "127.0.0.1:1"}, "[ERROR] Normalizing url 127.0.0.1:1: parse"),
        ({"apiUrl": "ftp://r"}, "[ERROR] Normalizing url ftp://r: parse"),
        ({"apiUrl": "https://r:x"}, "[ERROR] Normalizing url https://r:x: "),
        ({"tokenKey": ""}, "[ERROR] No token_key nor access_key and secret_key are provided"),
        ({"bootstrap": "true"}, "[ERROR] Bootsrap mode activated."),
        ({"tokenKey": "", "bootstrap": "true"}, "does not bootstrap a server"),
        ({"timeout": "soon"}, "[ERROR] timeout must be in golang duration format"),
    ],
)
def test_wrong_settings_are_refused_before_rancher_is_asked(
    rancher2: Plugin, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], fault: str
) -> None:
    for variable in settings.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)

    said = error_of(lambda: rancher2.configure(**given))

    assert fault in said
    assert TOKEN not in said
    assert rancher2.asked() == []


def test_the_environment_is_enough() -> None:
    token = settings.read({}, {"RANCHER_URL": "https://r/v3/", "RANCHER_TOKEN_KEY": "a:b"})
    keys = settings.read(
        {"apiUrl": "http://r:80/x"}, {"RANCHER_ACCESS_KEY": "a", "RANCHER_SECRET_KEY": "b"}
    )

    assert token == Settings("https://r", "a:b")
    assert keys == Settings("http://r:80", "a:b")


@pytest.mark.parametrize(
    ("words", "seconds"), [("12s", 12), ("1m30s", 90), ("1.5h", 5400), ("250ms", 0.25)]
)
def test_durations_are_written_as_go_writes_them(words: str, seconds: float) -> None:
    found = settings.read({"apiUrl": "https://r", "tokenKey": "t", "timeout": words}, {})

    assert found.timeout == seconds


def test_no_secret_is_in_what_the_settings_print() -> None:
    found = settings.read({"apiUrl": "https://r", "tokenKey": "sentinel", "caCerts": "pem"}, {})

    assert "sentinel" not in repr(found)
    with pytest.raises(SettingsError) as refusal:
        settings.read({"apiUrl": "r", "tokenKey": "sentinel"}, {})
    assert "sentinel" not in str(refusal.value)


# Readiness


def test_a_rancher_that_starts_is_asked_every_five_seconds(rancher2: Plugin) -> None:
    refused = httpx.ConnectError("[Errno 111] Connection refused")
    rancher2.rancher.instead = {
        "GET /ping": [refused, httpx.Response(200, text="pong\n"), httpx.Response(401, text="pong")]
    }

    rancher2.create(PROJECT, **HERE)

    assert rancher2.asked()[:6] == ["GET /ping", "GET /ping", *START]
    assert rancher2.time.sleeps == [5, 5, 1]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (httpx.ConnectError("[Errno 111] Connection refused"), "connection refused"),
        (httpx.Response(200, text="not yet"), "<nil>"),
    ],
)
def test_a_rancher_that_does_not_start_is_given_up_after_the_timeout(
    rancher2: Plugin, answer: Any, fault: str
) -> None:
    rancher2.configure(timeout="12s")
    rancher2.rancher.instead = {"GET /ping": [answer] * 10}

    said = error_of(lambda: rancher2.create(PROJECT, **HERE))

    assert said.startswith("Rancher is not ready: ")
    assert fault in said
    assert rancher2.time.sleeps == [5, 5, 2]


@pytest.mark.parametrize("kind", [PROJECT, BINDING, NAMESPACE])
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_that_is_refused_drops_nothing_from_the_state(
    rancher2: Plugin, kind: str, status: int
) -> None:
    rancher2.rancher.instead = {"GET /v3": [status]}
    state = {"projectId": "local:p-1", "name": "media"}

    said = error_of(lambda: rancher2.read(kind, "x", state, name="media"))

    assert f"Bad response statusCode [{status}]" in said


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_a_token_that_is_refused_is_final(rancher2: Plugin, status: int) -> None:
    rancher2.rancher.instead = {"GET /v3": [status]}

    said = error_of(lambda: rancher2.create(PROJECT, **HERE))

    assert said.startswith(f"Bad response statusCode [{status}]")
    assert said.endswith(f"from [{BASE}/v3]")
    assert rancher2.time.sleeps == []


def test_an_answer_that_says_nothing_of_its_schemas_is_no_rancher(rancher2: Plugin) -> None:
    rancher2.rancher.instead = {"GET /v3": [httpx.Response(200, json={})]}

    said = error_of(lambda: rancher2.create(PROJECT, **HERE))

    assert said == f"Failed to find schema at [{BASE}/v3]"


def test_schemas_that_come_with_the_first_answer_are_not_asked_for_again(rancher2: Plugin) -> None:
    whole = httpx.Response(200, headers={"X-Api-Schemas": f"{BASE}/v3"}, json={"data": schemas()})
    rancher2.rancher.instead = {"GET /v3": [whole]}

    rancher2.create(PROJECT, **HERE)

    assert rancher2.asked()[:3] == ["GET /ping", "GET /v3", "GET /v3/settings/k8s-version"]


@pytest.mark.parametrize("status", [403, 500])
def test_a_setting_that_is_not_there_yet_is_awaited(rancher2: Plugin, status: int) -> None:
    rancher2.rancher.instead = {"GET /v3/settings/k8s-version": [status, status]}

    rancher2.create(PROJECT, **HERE)

    assert rancher2.time.sleeps == [5, 5, 1]


def test_only_the_first_resource_fails_for_a_setting_that_is_missing(rancher2: Plugin) -> None:
    rancher2.rancher.instead = {"GET /v3/settings/k8s-version": [404]}

    said = error_of(lambda: rancher2.create(PROJECT, **HERE))
    second = rancher2.create(PROJECT, **HERE)

    assert said.startswith("Bad response statusCode [404]")
    assert second.id == "local:p-1"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"collectionMethods": []}, "Resource type [project] is not creatable"),
        ({"id": "other"}, "Unknown schema type [project]"),
        ({"links": {}}, "failed to find collection URL of [project]"),
    ],
)
def test_what_rancher_does_not_offer_is_not_tried(
    rancher2: Plugin, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], fault: str
) -> None:
    from tests.plugins import rancher  # noqa: PLC0415

    offered = rancher.schemas()
    offered[0] |= change
    monkeypatch.setattr(rancher, "schemas", lambda: offered)

    assert error_of(lambda: rancher2.create(PROJECT, **HERE)) == fault
    assert rancher2.rancher.bodies("POST") == []


# The cluster


def test_a_project_on_a_cluster_that_is_not_active_is_not_made(rancher2: Plugin) -> None:
    rancher2.rancher.put("cluster", "local", conditions=[{"type": "Ready", "status": "True"}])

    said = error_of(lambda: rancher2.create(PROJECT, **HERE))

    assert said == "[ERROR] Creating Project: Cluster ID local is not active"
    assert rancher2.rancher.bodies("POST") == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_cluster_that_is_not_there_is_named(rancher2: Plugin, status: int) -> None:
    rancher2.rancher.instead = {"GET /v3/clusters/local": [status]}

    said = error_of(lambda: rancher2.create(PROJECT, **HERE))

    assert said == "[ERROR] Cluster ID local not found or is forbidden"


def test_a_cluster_is_awaited_if_the_program_says_so(rancher2: Plugin) -> None:
    off = httpx.Response(200, json={"conditions": [{"type": "Updated", "status": "Unknown"}]})
    rancher2.rancher.instead = {"GET /v3/clusters/local": [off, off, off]}

    rancher2.create(PROJECT, **HERE, waitForCluster=True)

    assert rancher2.time.sleeps == [5, 5, 1]


@pytest.mark.parametrize(
    ("conditions", "seconds", "fault"),
    [
        ([{"type": "Updated", "status": "False", "message": "no nodes"}], 120, ": no nodes"),
        ([], 600, "timeout while waiting for state to become 'active'"),
    ],
)
def test_a_cluster_that_does_not_come_is_given_up(
    rancher2: Plugin, conditions: list[Any], seconds: float, fault: str
) -> None:
    rancher2.rancher.put("cluster", "local", conditions=conditions)

    said = error_of(lambda: rancher2.create(PROJECT, **HERE, waitForCluster=True))

    assert said.startswith("[ERROR] waiting for cluster ID (local) to be active: ")
    assert fault in said
    assert rancher2.time.now == seconds


# Certificates


class Pong(http.server.BaseHTTPRequestHandler):
    """Answers as a Rancher that refuses everything but the ping."""

    @override
    def log_message(self, format: str, *args: Any) -> None:
        del format, args

    def do_GET(self) -> None:
        body = b"pong" if self.path == "/ping" else json.dumps({"code": "Unauthorized"}).encode()
        self.send_response(200 if self.path == "/ping" else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(tmp_path: Path) -> Generator[http.server.HTTPServer]:
    """Serve over TLS with a certificate that only `ca.crt` vouches for."""
    leaf = Leaf(name="rancher", hosts=("localhost",), server=True)
    Authority.ensure(tmp_path, "Tests").ensure_files(tmp_path, "rancher", leaf)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(tmp_path / "rancher.crt", tmp_path / "rancher.key")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pong) as serving:
        serving.socket = trust.wrap_socket(serving.socket, server_side=True)
        thread = threading.Thread(target=serving.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


def ask(server: http.server.HTTPServer, **more: Any) -> str:
    """Return how the first request for something ends."""
    found = Settings(f"https://localhost:{server.server_address[1]}", TOKEN, timeout=1, **more)
    time = Time()
    rancher = Rancher(found, HttpConnection(found), Clock(lambda: time.now, time.sleep))
    with pytest.raises(RancherError) as refusal:
        rancher.management()
    return str(refusal.value)


def test_a_certificate_of_ones_own_authority_is_trusted_when_it_is_given(
    server: http.server.HTTPServer, tmp_path: Path
) -> None:
    reached = "Bad response statusCode [401]"

    assert reached in ask(server, ca_certs=(tmp_path / "ca.crt").read_text())
    assert reached in ask(server, insecure=True)


@pytest.mark.parametrize("ca_certs", ["", "no certificate"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    server: http.server.HTTPServer, ca_certs: str
) -> None:
    said = ask(server, ca_certs=ca_certs)

    assert said.startswith("Rancher is not ready: ")
    assert "certificate signed by unknown authority" in said


def test_an_unreadable_certificate_for_a_plain_address_is_said_at_once(rancher2: Plugin) -> None:
    rancher2.configure(apiUrl="http://rancher.test", caCerts="no certificate")

    said = error_of(lambda: rancher2.create(PROJECT, **HERE))

    assert said.startswith("no certificate can be read from caCerts")

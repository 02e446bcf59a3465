"""The platform's promises, tried on a cluster that runs."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster import network
from tests.cluster.kubectl import Manifest, Namespace, eventually

pytestmark = pytest.mark.live

CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 8000), timeout=1).close()
except OSError as error:
    sys.exit(str(error))
""".strip()

# Answers with what it was told about the client, and ends as a careful server does.
ECHO = """
import http.server, json
class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        size = int(self.headers.get("Content-Length", 0))
        read = 0
        while read < size:
            read += len(self.rfile.read(min(65536, size - read)))
        body = json.dumps({"path": self.path, "read": read, **self.headers}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("", 8000), Echo).serve_forever()
""".strip()


def test_a_pod_finds_services_by_name(namespace: Namespace) -> None:
    namespace.apply(namespace.pod("client"))
    namespace.wait("condition=Ready", "pod/client")

    found = namespace.sh("client", "getent hosts kubernetes.default")

    assert network.API_SERVICE in found.stdout, found.stderr


def test_a_pod_without_root_cannot_take_port_80(namespace: Namespace) -> None:
    namespace.apply(namespace.pod("client"))
    namespace.wait("condition=Ready", "pod/client")

    taken = namespace.python("client", "import socket; socket.socket().bind(('', 80))")

    assert "PermissionError" in taken.stderr


def test_a_restricted_namespace_refuses_root(namespace: Namespace) -> None:
    root = namespace.pod("root", securityContext={"runAsNonRoot": False, "runAsUser": 0})

    refused = namespace.kubectl("apply", "-f", "-", stdin=json.dumps(root), check=False)

    assert refused.returncode != 0
    assert 'violates PodSecurity "restricted' in refused.stderr


def test_a_policy_closes_and_opens_a_way(namespace: Namespace) -> None:
    namespace.apply(
        namespace.pod("server", command=["python3", "-c", ECHO]),
        namespace.pod("friend"),
        namespace.pod("stranger"),
    )
    for name in ("server", "friend", "stranger"):
        namespace.wait("condition=Ready", f"pod/{name}")
    server = namespace.get("pod", "server")["status"]["podIP"]

    def reaches(name: str) -> bool:
        script = f"import sys; sys.argv = ['', '{server}']\n{CONNECT}"
        return namespace.python(name, script).returncode == 0

    eventually(lambda: reaches("friend") and reaches("stranger"), "everybody reaches the server")

    namespace.apply(_policy("closed", {"podSelector": {}, "policyTypes": ["Ingress"]}))
    eventually(lambda: not reaches("friend"), "the way is closed")
    assert not reaches("stranger")

    friend = {"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}]}
    namespace.apply(_policy("friend", {"podSelector": {}, "ingress": [friend]}))
    eventually(lambda: reaches("friend"), "the way is open for the friend")
    assert not reaches("stranger")


def test_an_isolated_pod_still_answers_its_probes(namespace: Namespace) -> None:
    namespace.apply(_policy("closed", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}))
    server = namespace.pod("server", command=["python3", "-c", ECHO])
    probe = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1}
    server["spec"]["containers"][0]["readinessProbe"] = probe

    namespace.apply(server)

    namespace.wait("condition=Ready", "pod/server")


def test_a_closed_egress_keeps_a_pod_from_names_until_it_is_opened(namespace: Namespace) -> None:
    namespace.apply(
        _policy("closed", {"podSelector": {}, "policyTypes": ["Egress"]}), namespace.pod("client")
    )
    namespace.wait("condition=Ready", "pod/client")

    def resolves() -> bool:
        asked = "timeout 2 getent hosts kubernetes.default"
        return namespace.sh("client", asked).returncode == 0

    eventually(lambda: not resolves(), "no name is found")
    dns = {
        "to": [
            {
                "namespaceSelector": {
                    "matchLabels": {"kubernetes.io/metadata.name": "kube-system"}
                },
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }
    namespace.apply(_policy("dns", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [dns]}))

    eventually(resolves, "names are found")


def test_data_outlives_its_pod_and_goes_with_its_claim(namespace: Namespace) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Mi"}},
        },
    }
    writer = namespace.pod(
        "writer",
        securityContext={"fsGroup": 2000},
        volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        volumeMounts=[{"name": "data", "mountPath": "/data"}],
    )
    namespace.apply(claim, writer)
    namespace.wait("condition=Ready", "pod/writer")
    written = namespace.sh("writer", "echo kept > /data/file && stat -c %u:%g /data/file")
    assert written.stdout == "1000:2000\n", written.stderr

    namespace.kubectl("delete", "pod", "writer")
    namespace.apply(writer)
    namespace.wait("condition=Ready", "pod/writer")
    assert namespace.sh("writer", "cat /data/file").stdout == "kept\n"

    volume = namespace.get("pvc", "data")["spec"]["volumeName"]
    path = Path(namespace.get("pv", volume)["spec"]["local"]["path"])
    assert (path / "file").exists()
    namespace.kubectl("delete", "pod/writer", "pvc/data")
    eventually(lambda: not path.exists(), "the data is gone")
    eventually(
        lambda: namespace.kubectl("get", "pv", volume, check=False).returncode != 0,
        "the volume is gone",
    )


def test_a_site_has_a_certificate_that_verifies_and_learns_who_asks(namespace: Namespace) -> None:
    host = f"{namespace.name}.localhost"
    _serve(namespace, host)

    answer = _ask(namespace, host, "/some/path?x=1")

    port = namespace.instance.https_port
    assert answer["path"] == "/some/path?x=1"
    assert answer["X-Forwarded-For"] == "127.0.0.1", "the client's own address"
    assert answer["X-Forwarded-Proto"] == "https"
    assert answer["X-Forwarded-Port"] == str(port)
    assert (
        answer["Host"] == answer["X-Forwarded-Host"] == (host if port == 443 else f"{host}:{port}")
    )
    assert len(answer["X-Request-Id"]) == 32
    status = namespace.get("ingress", "site")["status"]
    assert status == {"loadBalancer": {"ingress": [{"ip": namespace.instance.node_ip}]}}


def test_the_edge_takes_a_large_upload(namespace: Namespace) -> None:
    host = f"{namespace.name}.localhost"
    _serve(namespace, host)

    answer = _ask(namespace, host, "/", body=bytes(30_000_000))

    assert answer["read"] == 30_000_000


def test_a_connection_may_become_a_websocket(namespace: Namespace) -> None:
    host = f"{namespace.name}.localhost"
    _serve(namespace, host)

    answer = _ask(namespace, host, "/", headers={"Connection": "Upgrade", "Upgrade": "websocket"})

    assert (answer["Connection"], answer["Upgrade"]) == ("upgrade", "websocket")


def test_nobody_but_the_front_door_says_who_the_client_is(namespace: Namespace) -> None:
    host = f"{namespace.name}.localhost"
    _serve(namespace, host)
    namespace.apply(namespace.pod("client"))
    namespace.wait("condition=Ready", "pod/client")

    said = namespace.python(
        "client",
        f"""
import socket, ssl
plain = socket.create_connection(("{namespace.instance.node_ip}", {network.EDGE_PROXY_PROTOCOL}))
plain.sendall(b"PROXY TCP4 1.2.3.4 127.0.0.1 1 443\\r\\n")
trust = ssl.create_default_context()
trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
with trust.wrap_socket(plain, server_hostname="{host}") as tls:
    tls.sendall(b"GET / HTTP/1.0\\r\\nHost: {host}\\r\\nX-Forwarded-For: 5.6.7.8\\r\\n\\r\\n")
    print(tls.makefile().read().split("\\n\\n")[-1])
""",
    )

    own = namespace.get("pod", "client")["status"]["podIP"]
    assert json.loads(said.stdout)["X-Forwarded-For"] == own, said.stderr


def test_a_pod_reaches_itself_through_its_service(namespace: Namespace) -> None:
    _serve(namespace, f"{namespace.name}.localhost", replicas=1)
    namespace.apply(_policy("closed", {"podSelector": {}, "policyTypes": ["Ingress"]}))

    script = "import urllib.request as u; print(u.urlopen('http://site', timeout=5).status)"

    assert namespace.python("deployment/site", script).stdout == "200\n"


def test_a_host_that_no_ingress_names_is_not_found(namespace: Namespace) -> None:
    connection = _connection(namespace, "localhost")
    connection.request("GET", "/", headers={"Host": "nobody.localhost"})

    assert connection.getresponse().status == http.HTTPStatus.NOT_FOUND


def test_plain_http_is_led_to_https(namespace: Namespace) -> None:
    host = f"{namespace.name}.localhost"
    _serve(namespace, host)
    connection = http.client.HTTPConnection(namespace.instance.node_ip, timeout=5)
    connection.request("GET", "/page?x=1", headers={"Host": host})

    answer = connection.getresponse()

    assert answer.status == http.HTTPStatus.PERMANENT_REDIRECT
    assert answer.headers["Location"] == f"{namespace.instance.url(host)}/page?x=1"


def test_a_rollout_loses_no_request(namespace: Namespace) -> None:
    host = f"{namespace.name}.localhost"
    _serve(namespace, host)
    done = threading.Event()
    seen: list[str] = []

    def hammer(method: str) -> None:
        while not done.is_set():
            try:
                answer = _ask(namespace, host, "/", body=b"x" if method == "POST" else None)
                seen.append("ok" if answer["path"] == "/" else "strange")
            except (AssertionError, OSError, http.client.HTTPException) as error:
                seen.append(f"{method}: {error!r}")

    workers = [threading.Thread(target=hammer, args=(way,)) for way in ("GET", "POST", "GET")]
    for worker in workers:
        worker.start()
    namespace.kubectl("rollout", "restart", "deployment/site")
    namespace.kubectl("rollout", "status", "deployment/site", "--timeout=90s")
    done.set()
    for worker in workers:
        worker.join()

    assert len(seen) > 10
    assert [word for word in seen if word != "ok"] == []


def _policy(name: str, spec: Manifest) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def _serve(namespace: Namespace, host: str, replicas: int = 2) -> None:
    """Serve the echo under *host* and wait until the edge leads there."""
    pod = namespace.pod("site", command=["python3", "-c", ECHO], labels={"app": "site"})
    container: Manifest = pod["spec"]["containers"][0]
    container["readinessProbe"] = {"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 1}
    # The node's rules follow a moment after a pod begins to end.
    container["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "3"]}}}
    pod["spec"]["terminationGracePeriodSeconds"] = 10
    backend = {"service": {"name": "site", "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    namespace.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "site"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "site"}},
                "template": {"metadata": pod["metadata"], "spec": pod["spec"]},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "site"},
            "spec": {
                "selector": {"app": "site"},
                "ports": [{"name": "http", "port": 80, "targetPort": 8000}],
            },
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "site"},
            "spec": {"rules": [{"host": host, "http": {"paths": [path]}}]},
        },
    )
    namespace.kubectl("rollout", "status", "deployment/site", "--timeout=60s")

    def answers() -> bool:
        try:
            return _ask(namespace, host, "/")["path"] == "/"
        except (AssertionError, OSError):
            return False

    eventually(answers, "the edge leads to the site")


def _connection(namespace: Namespace, host: str) -> http.client.HTTPConnection:
    """Return a connection to the front door: not every machine's resolver knows *.localhost."""
    port = namespace.instance.https_port
    trust = ssl.create_default_context(cafile=str(namespace.instance.ca))
    plain = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection = http.client.HTTPSConnection(host, port)
    connection.sock = trust.wrap_socket(plain, server_hostname=host)
    return connection


def _ask(
    namespace: Namespace,
    host: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    connection = _connection(namespace, host)
    try:
        connection.request("POST" if body else "GET", path, body=body, headers=headers or {})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == http.HTTPStatus.OK, content
        return json.loads(content)
    finally:
        connection.close()

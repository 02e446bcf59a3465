"""The nginx configuration that Ingress objects become."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from cryptography import x509

from sandbox.cluster import pki
from sandbox.cluster.edge import Edge, addresses, configuration
from sandbox.cluster.edge_config import (
    ANYBODY,
    Certificate,
    Listening,
    Site,
    read,
    render,
)
from sandbox.cluster.kinds import Ingress, Secret, Service
from sandbox.cluster.pki import Leaf
from sandbox.instance import Instance
from tests.cluster.objects import ingress, path, service

HERE = Listening(address="198.18.0.2", public_port=443)
WEB = service("web", http=80, admin=8080)


def rendered(*ingresses: Ingress, services: tuple[Service, ...] = (WEB,), port: int = 443) -> str:
    """Return the configuration of these objects, comments and indentation apart."""
    sites = read(ingresses, services).sites
    certificates = {
        host: Certificate(f"{host}.crt", f"{host}.key", "mark")
        for host in [ANYBODY, *(site.host for site in sites)]
    }
    return render(sites, certificates, Listening(address=HERE.address, public_port=port))


def server(text: str, host: str) -> str:
    """Return the block that serves a host with TLS."""
    blocks = re.split(r"(?m)^    server \{", text)
    return next(block for block in blocks if f"server_name {host};" in block)


def test_a_host_leads_to_the_address_of_its_service() -> None:
    text = rendered(ingress("site.localhost", path("web")))

    assert "proxy_pass http://site.web.80$site_way;" in server(text, "site.localhost")
    assert "server 10.96.0.5:80 max_fails=0;" in text


def test_a_port_may_be_named() -> None:
    text = rendered(ingress("site.localhost", path("web", "admin")))

    assert "server 10.96.0.5:8080 max_fails=0;" in text


def test_a_prefix_ends_at_a_slash() -> None:
    block = server(rendered(ingress("site.localhost", path("web", at="/media"))), "site.localhost")

    assert 'location = "/media" {' in block
    assert 'location "/media/" {' in block
    assert 'location "/media" {' not in block


def test_an_exact_path_is_that_path_alone() -> None:
    text = rendered(ingress("site.localhost", path("web", at="/ping", kind="Exact")))

    block = server(text, "site.localhost")
    assert 'location = "/ping" {' in block
    assert "/ping/" not in block


def test_a_page_outside_every_path_is_not_found() -> None:
    block = server(rendered(ingress("site.localhost", path("web", at="/media"))), "site.localhost")

    assert re.search(r"location / \{\s+return 404", block)


def test_of_two_ingresses_that_want_a_path_the_older_has_it() -> None:
    young = ingress("site.localhost", path("young"), name="a", born="2026-02-02")
    old = ingress("site.localhost", path("web"), name="z", born="2026-01-01")

    found = read([young, old], [WEB, service("young", "10.96.0.6", http=80)])

    assert [route.target.service for route in found.sites[0].routes] == ["web"]
    assert found.problems == (
        "ingress site/a, host site.localhost, path /: an older ingress has this path",
    )


def test_ingresses_of_one_host_add_up() -> None:
    one = ingress("site.localhost", path("web"), name="one")
    two = ingress("site.localhost", path("web", 8080, at="/admin"), name="two")

    block = server(rendered(one, two), "site.localhost")

    assert "http://site.web.80$" in block
    assert "http://site.web.8080$" in block


def test_an_ingress_of_another_class_is_not_ours() -> None:
    other = ingress("site.localhost", path("web"))
    other["spec"]["ingressClassName"] = "nginx"

    assert read([other], [WEB]).sites == ()


def test_an_ingress_without_a_class_is_ours() -> None:
    plain = ingress("site.localhost", path("web"))
    del plain["spec"]["ingressClassName"]

    assert read([plain], [WEB]).sites


def test_who_asks_for_an_unknown_host_finds_nothing() -> None:
    text = rendered(ingress("site.localhost", path("web")))

    default = server(text, "_")
    assert "listen 198.18.0.2:443 ssl http2 default_server;" in default
    assert "listen 198.18.0.2:8443 ssl http2 proxy_protocol default_server;" in default
    assert "return 404" in default
    assert "proxy_pass" not in default


def test_a_rule_without_a_host_answers_for_every_unknown_one() -> None:
    anybody = ingress("", path("web"))
    del anybody["spec"].get("rules", [])[0]["host"]

    assert "proxy_pass" in server(rendered(anybody), "_")


def test_a_wildcard_covers_one_label() -> None:
    text = rendered(ingress("*.site.localhost", path("web")))

    assert r'server_name "~^[^.]+\.site\.localhost$";' in text


def test_plain_http_is_led_to_the_port_that_the_world_knows() -> None:
    assert "return 308 https://$host$request_uri;" in rendered(ingress("a.localhost", path("web")))
    text = rendered(ingress("a.localhost", path("web")), port=8443)
    assert "return 308 https://$host:8443$request_uri;" in text


def test_a_service_that_is_not_there_is_named_to_whoever_asks() -> None:
    block = server(rendered(ingress("site.localhost", path("gone"))), "site.localhost")

    assert "return 503" in block
    assert "Service site/gone has no port 80" in block


def test_a_service_without_an_address_cannot_answer() -> None:
    text = rendered(
        ingress("site.localhost", path("web")), services=(service("web", "None", http=80),)
    )

    assert "return 503" in server(text, "site.localhost")


@pytest.mark.parametrize("at", ['/a"; return 200', "/a b", "/{x}", "/a;b", "/$uri", "/\n"])
def test_a_path_cannot_write_configuration(at: str) -> None:
    found = read([ingress("site.localhost", path("web", at=at))], [WEB])

    assert found.sites == ()
    assert "does not serve such names" in found.problems[0]


def test_a_secret_that_the_ingress_names_belongs_to_its_host() -> None:
    named = ingress("site.localhost", path("web"))
    named["spec"]["tls"] = [{"hosts": ["*.localhost"], "secretName": "own"}]

    assert read([named], [WEB]).sites[0].secret == "site/own"


def test_a_secret_for_other_hosts_is_not_shown() -> None:
    named = ingress("site.localhost", path("web"))
    named["spec"]["tls"] = [{"hosts": ["other.localhost"], "secretName": "own"}]

    assert read([named], [WEB]).sites[0].secret is None


@pytest.fixture
def edge(tmp_path: Path) -> Edge:
    instance = Instance(
        name="test", index=1, state=tmp_path, cache=tmp_path / "cache", https_port=8443
    )
    pki.prepare(instance)
    return Edge(instance)


def shown(host: str, text: str) -> x509.Certificate:
    """Return the certificate that a host shows."""
    found = re.search(r'ssl_certificate "(.+)";', server(text, host))
    assert found, text
    return x509.load_pem_x509_certificate(Path(found[1]).read_bytes())


def test_a_host_without_a_secret_shows_a_certificate_of_the_sandbox(edge: Edge) -> None:
    text = edge.text(read([ingress("site.localhost", path("web"))], [WEB]).sites, {})

    certificate = shown("site.localhost", text)
    authority = x509.load_pem_x509_certificate(edge.instance.ca.read_bytes())
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["site.localhost"]


def test_a_host_with_a_secret_shows_the_secret_s_certificate(edge: Edge, tmp_path: Path) -> None:
    foreign = pki.Authority.ensure(tmp_path / "foreign", "another authority")
    pair = foreign.sign(Leaf(name="site", hosts=("site.localhost",), server=True))

    text = edge.text(_sites_with_secret(), {"site/own": _secret(pair.certificate, pair.key)})

    shown("site.localhost", text).verify_directly_issued_by(foreign.certificate)
    keys = list((edge.instance.state / "edge").rglob("*.key"))
    assert keys
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


@pytest.mark.parametrize("key", [b"", b"not a key"])
def test_a_broken_secret_does_not_take_the_site_down(edge: Edge, key: bytes) -> None:
    text = edge.text(_sites_with_secret(), {"site/own": _secret(b"not a certificate", key)})

    authority = x509.load_pem_x509_certificate(edge.instance.ca.read_bytes())
    shown("site.localhost", text).verify_directly_issued_by(authority)


def test_another_certificate_makes_another_configuration(edge: Edge, tmp_path: Path) -> None:
    foreign = pki.Authority.ensure(tmp_path / "foreign", "another authority")
    leaf = Leaf(name="site", hosts=("site.localhost",), server=True)
    one, two = foreign.sign(leaf), foreign.sign(leaf)

    first = edge.text(_sites_with_secret(), {"site/own": _secret(one.certificate, one.key)})
    second = edge.text(_sites_with_secret(), {"site/own": _secret(two.certificate, two.key)})

    assert first != second, "nginx is reloaded only for a configuration that differs"


def test_there_is_a_configuration_before_there_is_a_cluster(edge: Edge) -> None:
    edge.prepare()

    assert "The sandbox knows no site" in configuration(edge.instance).read_text()


def test_what_nginx_refuses_does_not_replace_what_works(
    edge: Edge,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nginx = tmp_path / "bin" / "nginx"
    nginx.parent.mkdir()
    nginx.write_text("#!/bin/sh\necho 'unknown directive \"nonsense\"' >&2; exit 1\n")
    nginx.chmod(0o755)
    monkeypatch.setenv("PATH", str(nginx.parent))
    edge.prepare()
    before = configuration(edge.instance).read_text()

    for _ in range(2):
        edge.put("nonsense;")
        edge.say_what_is_wrong()

    assert configuration(edge.instance).read_text() == before
    assert capsys.readouterr().out.count('refuses the new: unknown directive "nonsense"') == 1


def test_a_load_balancer_gets_the_node_s_address_unless_a_port_is_taken() -> None:
    free, edge_s, second = (
        service("free", http=8080),
        service("edge", https=443),
        service("second", http=8080),
    )
    for each in (free, edge_s, second):
        each["spec"]["type"] = "LoadBalancer"

    granted, problems = addresses([free, edge_s, second, WEB], "198.18.0.2")

    assert granted == [free]
    assert problems == [
        "service site/edge gets no address: the node itself has port 443 of 198.18.0.2",
        "service site/second gets no address: service site/free has port 8080 of 198.18.0.2",
    ]


def _sites_with_secret() -> tuple[Site, ...]:
    named = ingress("site.localhost", path("web"))
    named["spec"]["tls"] = [{"secretName": "own"}]
    return read([named], [WEB]).sites


def _secret(certificate: bytes, key: bytes) -> Secret:
    data = {"tls.crt": certificate, "tls.key": key}
    return {
        "metadata": {"name": "own", "namespace": "site"},
        "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
    }

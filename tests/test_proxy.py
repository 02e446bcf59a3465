"""nginx."""

from dataclasses import replace
from typing import Any

import pytest

from components.endpoint import Address
from components.proxy import Proxy, ProxyArgs
from declared.engine import Engine, run
from tests import parts
from tests.parts import ADMIN, DOOR, FRONTEND, GENERATION, SITE


def proxy(**changes: Any) -> Engine:
    def program() -> None:
        args = ProxyArgs(
            image=parts.artifact("ov-nginx:v1"),
            contract=GENERATION.proxy,
            site=SITE,
            admin=ADMIN,
            frontend=FRONTEND,
            backend=parts.backend(),
            door=DOOR,
            replicas=1,
        )
        Proxy("ov-nginx", replace(args, **changes))

    return run(program)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return proxy()


def ingress(engine: Engine) -> Any:
    return engine.one("Ingress").inputs["spec"]


def test_it_tells_the_site_from_the_cms_by_host(engine: Engine) -> None:
    env = engine.one("Deployment").env

    # A host without its port, as it is compared with.
    assert (env["SITE_HOST"], env["ADMIN_HOST"]) == ("site.example.org", "admin.example.org")


def test_it_knows_whom_to_ask(engine: Engine) -> None:
    env = engine.one("Deployment").env

    assert (env["FRONTEND"], env["BACKEND"]) == ("ov-frontend:80", "ov-wag:80")


def test_it_knows_what_the_front_end_calls_the_back_end(engine: Engine) -> None:
    # Pages carry that address in front of each picture; the proxy takes it away.
    assert engine.one("Deployment").env["BACKEND_URL"] == "http://ov-wag"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_it_knows_whether_editors_have_tls(scheme: str) -> None:
    with_scheme = proxy(admin=replace(ADMIN, scheme=scheme))

    assert with_scheme.one("Deployment").env["ADMIN_SCHEME"] == scheme


def test_it_lets_in_what_the_cms_accepts(engine: Engine) -> None:
    # nginx's own limit is 1 MB, the CMS's is 10.
    assert int(engine.one("Deployment").env["UPLOAD_LIMIT"].removesuffix("m")) >= 20


def test_the_edge_lets_in_no_less() -> None:
    large = proxy(door=replace(DOOR, upload_limit=70))
    annotations = large.one("Ingress").inputs["metadata"]["annotations"]

    assert large.one("Deployment").env["UPLOAD_LIMIT"] == "70m"
    assert annotations == {"nginx.ingress.kubernetes.io/proxy-body-size": "70m"}


def test_it_reads_the_volumes_and_writes_on_none(engine: Engine) -> None:
    mounts = {each["name"]: each for each in engine.one("Deployment").container["volumeMounts"]}

    assert mounts["media"]["readOnly"]
    assert mounts["static"]["readOnly"]


def test_it_keeps_to_the_node_that_has_the_volumes(engine: Engine) -> None:
    server = engine.one("Deployment")
    affinity = server.pod["affinity"]["podAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]

    wanted = term["labelSelector"]["matchLabels"].items()
    assert wanted <= server.template["metadata"]["labels"].items()


def test_it_needs_no_port_that_only_root_may_open(engine: Engine) -> None:
    assert engine.one("Deployment").container["ports"] == [{"containerPort": 8080}]


def test_the_edge_leads_both_hosts_to_it(engine: Engine) -> None:
    rules = ingress(engine)["rules"]

    assert [rule["host"] for rule in rules] == ["site.example.org", "admin.example.org"]
    for rule in rules:
        (path,) = rule["http"]["paths"]
        assert (path["path"], path["pathType"]) == ("/", "Prefix")
        assert path["backend"]["service"] == {"name": "ov-nginx", "port": {"number": 80}}


def test_the_edge_has_a_certificate_of_its_own_unless_the_stack_names_one(engine: Engine) -> None:
    hosts = ["site.example.org", "admin.example.org"]

    assert ingress(engine)["tls"] == [{"hosts": hosts}]
    named = ingress(proxy(door=replace(DOOR, tls_secret="site-tls")))
    assert named["tls"] == [{"hosts": hosts, "secretName": "site-tls"}]


def test_a_site_without_tls_asks_for_none() -> None:
    plain = proxy(site=Address(scheme="http", host="site.example.org", port=None))

    assert "tls" not in ingress(plain)


def test_the_edge_is_the_clusters_own_unless_the_stack_names_one(engine: Engine) -> None:
    assert "ingressClassName" not in ingress(engine)
    assert ingress(proxy(door=replace(DOOR, ingress_class="nginx")))["ingressClassName"] == "nginx"


@pytest.mark.parametrize(
    ("issuer", "note"),
    [
        ("ClusterIssuer/letsencrypt", {"cert-manager.io/cluster-issuer": "letsencrypt"}),
        ("Issuer/our-own", {"cert-manager.io/issuer": "our-own"}),
    ],
)
def test_a_certificate_is_made_by_whom_the_stack_names(issuer: str, note: dict[str, str]) -> None:
    made = proxy(door=replace(DOOR, tls_issuer=issuer))

    assert note.items() <= made.one("Ingress").inputs["metadata"]["annotations"].items()
    # Without the name of a Secret, cert-manager does nothing.
    assert ingress(made)["tls"][0]["secretName"] == "ov-nginx-tls"
    named = ingress(proxy(door=replace(DOOR, tls_issuer=issuer, tls_secret="site-tls")))
    assert named["tls"][0]["secretName"] == "site-tls"


def test_the_edge_may_ask_who_proves_whose_host_it_is(engine: Engine) -> None:
    made = proxy(door=replace(DOOR, tls_issuer="Issuer/our-own"))
    rule = made.one("NetworkPolicy", "edge-to-ov-nginx-tls").inputs["spec"]

    assert rule["podSelector"]["matchLabels"] == {"acme.cert-manager.io/http01-solver": "true"}
    (entry,) = rule["ingress"]
    assert [port["port"] for port in entry["ports"]] == [8089]
    assert "edge-to-ov-nginx-tls" not in [each.name for each in engine.seen]

"""Certificates: who vouches for whom, until when, and who may read the keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from sandbox.cluster import pki
from sandbox.cluster.pki import Authority, Leaf, Pair, belongs_together
from sandbox.instance import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(name="test", index=1, state=tmp_path, cache=tmp_path / "cache", https_port=8443)


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def at(monkeypatch: pytest.MonkeyPatch, days: int) -> Callable[[], None]:
    """Let it be some days from now."""
    then = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    monkeypatch.setattr(pki, "_now", lambda: then)
    return monkeypatch.undo


def test_a_client_that_trusts_the_authority_trusts_the_api(instance: Instance) -> None:
    pki.prepare(instance)

    trust = PolicyBuilder().store(Store([certificate(instance.ca)]))
    for host in ("198.18.0.6", "127.0.0.1", "10.96.0.1"):
        verifier = trust.build_server_verifier(x509.IPAddress(ip_address(host)))
        verifier.verify(certificate(instance.pki / "apiserver.crt"), [])
    verifier = trust.build_server_verifier(x509.DNSName("kubernetes.default.svc"))
    verifier.verify(certificate(instance.pki / "apiserver.crt"), [])


def test_a_client_s_certificate_names_its_user_and_group(instance: Instance) -> None:
    pki.prepare(instance)

    subject = certificate(instance.pki / "kubelet-server.crt").subject

    assert subject.rfc4514_string() == "CN=system:node:node,O=system:nodes"


def test_the_administrator_s_kubeconfig_knows_one_context(instance: Instance) -> None:
    pki.prepare(instance)

    document = yaml.safe_load(instance.kubeconfig.read_text())

    assert [context["name"] for context in document["contexts"]] == ["ov-sandbox-test"]
    assert document["current-context"] == instance.context == "ov-sandbox-test"
    assert document["clusters"][0]["cluster"]["server"] == "https://198.18.0.6:6443"


def test_keys_are_for_the_owner_alone(instance: Instance) -> None:
    pki.prepare(instance)

    secret = [*instance.pki.glob("*.key"), *instance.pki.glob("*.conf")]

    assert len(secret) > 10
    assert {path.stat().st_mode & 0o777 for path in secret} == {0o600}
    assert instance.pki.stat().st_mode & 0o777 == 0o700


def test_what_holds_is_left_alone(instance: Instance) -> None:
    assert pki.prepare(instance)
    before = contents(instance.pki)

    assert not pki.prepare(instance)
    assert contents(instance.pki) == before


def test_what_ends_soon_is_renewed_and_the_authority_stays(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    pki.prepare(instance)
    before = contents(instance.pki)

    at(monkeypatch, days=pki.LEAF_DAYS - pki.RENEW_DAYS + 1)
    assert pki.prepare(instance)

    after = contents(instance.pki)
    same = {name for name in after if after[name] == before[name]}
    assert same == {"ca.crt", "ca.key", "sa.key", "sa.pub"}


def test_an_authority_that_ends_takes_everything_along_but_the_pods_tokens(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    pki.prepare(instance)
    before = contents(instance.pki)

    at(monkeypatch, days=pki.AUTHORITY_DAYS)
    pki.prepare(instance)

    after = contents(instance.pki)
    assert {name for name in after if after[name] == before[name]} == {"sa.key", "sa.pub"}
    certificate(instance.pki / "apiserver.crt").verify_directly_issued_by(certificate(instance.ca))


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    one, two = (
        Instance(name="test", index=1, state=tmp_path / name, cache=tmp_path, https_port=8443)
        for name in ("one", "two")
    )
    pki.prepare(one)
    pki.prepare(two)

    assert not {*contents(one.pki).values()} & {*contents(two.pki).values()}


@pytest.mark.parametrize("broken", ["", "{}", "users: []", "a: [", "users: [{user: {}}]"])
def test_a_broken_kubeconfig_is_made_anew(instance: Instance, broken: str) -> None:
    pki.prepare(instance)
    instance.kubeconfig.write_text(broken)

    pki.prepare(instance)

    document = yaml.safe_load(instance.kubeconfig.read_text())
    assert document["current-context"] == instance.context


def test_a_kubeconfig_that_leads_elsewhere_is_led_back_with_its_key(instance: Instance) -> None:
    pki.prepare(instance)
    wanted = instance.kubeconfig.read_text()
    instance.kubeconfig.write_text(wanted.replace("198.18.0.6", "198.18.0.2"))

    pki.prepare(instance)

    assert instance.kubeconfig.read_text() == wanted


def test_a_key_without_its_certificate_is_made_anew(instance: Instance) -> None:
    pki.prepare(instance)
    (instance.pki / "apiserver.key").write_bytes((instance.pki / "front-proxy.key").read_bytes())

    assert pki.prepare(instance)

    pair = Pair(
        (instance.pki / "apiserver.crt").read_bytes(), (instance.pki / "apiserver.key").read_bytes()
    )
    assert belongs_together(pair)


def test_a_kill_between_the_authority_s_two_files_is_healed(instance: Instance) -> None:
    pki.prepare(instance)
    (instance.pki / "ca.crt").unlink()

    pki.prepare(instance)

    assert Authority.load(instance.pki).is_whole()


def test_a_pair_does_not_show_its_key(tmp_path: Path) -> None:
    pair = Authority.ensure(tmp_path, "authority").sign(Leaf(name="someone"))

    assert "PRIVATE" not in repr(pair)

"""`ov smoke` on the real site: green when it is well, and the culprit by name when it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from operations.errors import Exit
from sandbox.instance import CHECKOUT
from tests.live.platform import Platform, eventually, host
from tests.live.project import DEMO

pytestmark = pytest.mark.live


def smoke(platform: Platform, *words: str) -> tuple[int, list[str], str]:
    """Return the code, the culprits and the errors."""
    said = platform.run(
        str(CHECKOUT / "ov"), "smoke", "--stack", DEMO, "--json", *words, check=False
    )
    return said.returncode, json.loads(said.stdout)["culprits"], said.stderr


@pytest.fixture
def healed(platform: Platform) -> Generator[Platform]:
    """Give the platform, and have the engine undo afterwards what was done to it."""
    yield platform
    force = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"}
    words = ("up", "--refresh", "--yes", "--skip-preview", "-s", DEMO, "--non-interactive")
    platform.run("pulumi", *words, env=force)
    code, culprits, said = smoke(platform, "--wait", "120")
    assert code == 0, (culprits, said)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is done to the site, what undoes it beside the engine, and whose fault it is then."""

    breaks: Callable[[Platform, Path], None]
    undoes: Callable[[Platform], object] = lambda _: None
    culprit: str


def without(kind: str, name: str) -> Fault:
    """Return the fault of a service that has no pods."""

    def breaks(platform: Platform, _: Path) -> None:
        platform.kubectl("scale", f"{kind}/{name}", "--replicas=0")
        gone = ("wait", "pod", "-l", f"app.kubernetes.io/name={name}", "--for=delete")
        platform.kubectl(*gone, "--timeout=120s")

    return Fault(breaks=breaks, culprit=f"{name}:")


def in_the_back_end(platform: Platform, script: str) -> None:
    platform.kubectl("exec", "deployment/ov-wag", "-c", "ov-wag", "--", "sh", "-c", script)


def files_gone(folder: str, culprit: str) -> Fault:
    """Return the fault of a volume whose files are not where they were."""
    away = f"mkdir /app/{folder}/.away && mv /app/{folder}/[!.]* /app/{folder}/.away/"
    back = f"mv /app/{folder}/.away/* /app/{folder}/ && rmdir /app/{folder}/.away"
    return Fault(
        breaks=lambda platform, _: in_the_back_end(platform, away),
        undoes=lambda platform: in_the_back_end(platform, back),
        culprit=culprit,
    )


def certificate_ended(platform: Platform, folder: Path) -> None:
    """Let the Ingress show a certificate that ended yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    names = [host(platform.site), host(platform.admin)]
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    hosts = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
    signed = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(hosts, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, nothing = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, nothing)
    (folder / "tls.crt").write_bytes(signed.public_bytes(pem))
    (folder / "tls.key").write_bytes(private)
    files = (f"--cert={folder}/tls.crt", f"--key={folder}/tls.key")
    platform.kubectl("create", "secret", "tls", "yesterday", *files)
    tls = {"spec": {"tls": [{"hosts": names, "secretName": "yesterday"}]}}
    platform.kubectl("patch", "ingress", "ov-nginx", "--type=merge", "-p", json.dumps(tls))
    eventually("the edge shows it", lambda: platform.curl(platform.site)[0] == 0)


def any_host(platform: Platform, folder: Path) -> None:
    """Open a way past the proxy, on which the front end answers to whatever name."""
    policy: dict[str, Any] = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "wrong"},
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "ov-frontend"}},
            "ingress": [{}],
        },
    }
    (folder / "policy.json").write_text(json.dumps(policy))
    platform.kubectl("apply", "-f", str(folder / "policy.json"))
    rule = ("--rule=wrong.invalid/*=ov-frontend:80", "--class=sandbox")
    platform.kubectl("create", "ingress", "wrong", *rule)
    wrong = ("-H", "Host: wrong.invalid")
    eventually("any host is answered", lambda: 0 < platform.curl(platform.site, *wrong)[0] < 400)


FAULTS: dict[str, Fault] = {
    "the database is down": without("statefulset", "db"),
    "the back end is down": without("deployment", "ov-wag"),
    "the front end is down": without("deployment", "ov-frontend"),
    "the proxy is down": without("deployment", "ov-nginx"),
    "there are no static files": files_gone("static", "static files:"),
    "there are no media": files_gone("media", "media:"),
    "the certificate has ended": Fault(
        breaks=certificate_ended,
        undoes=lambda platform: platform.kubectl("delete", "secret", "yesterday"),
        culprit="the certificate:",
    ),
    "any host is let in": Fault(
        breaks=any_host,
        undoes=lambda platform: platform.kubectl("delete", "ingress,networkpolicy", "wrong"),
        culprit="the edge and ov-nginx:",
    ),
}


def test_a_healthy_site_is_well(platform: Platform) -> None:
    assert smoke(platform) == (0, [], "")


@pytest.mark.parametrize("name", FAULTS)
def test_the_culprit_is_named(name: str, healed: Platform, tmp_path: Path) -> None:
    fault = FAULTS[name]
    fault.breaks(healed, tmp_path)
    try:
        code, culprits, said = smoke(healed)
    finally:
        fault.undoes(healed)

    assert code == Exit.SICK, said
    assert culprits[0].startswith(fault.culprit), culprits

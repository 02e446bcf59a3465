"""One authority per installation, and everything it signs.

A certificate that still holds, names the same subject and addresses, and was signed by the present
authority is left alone; any other is made anew. Keys never leave their files.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TypedDict, cast

import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox import files
from sandbox.cluster import network
from sandbox.instance import Instance

AUTHORITY_DAYS = 5 * 365
LEAF_DAYS = 365  # browsers refuse certificates that hold much longer
RENEW_DAYS = 30

# Clocks of virtual machines drift; a certificate that begins now may begin in a client's future.
DRIFT = dt.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """What a certificate says about its owner."""

    name: str
    group: str | None = None
    hosts: tuple[str, ...] = ()
    server: bool = False

    @property
    def subject(self) -> x509.Name:
        """The owner's name as Kubernetes reads it: user and group."""
        group = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.group)] if self.group else []
        return x509.Name([*group, x509.NameAttribute(NameOID.COMMON_NAME, self.name[:64])])

    @property
    def names(self) -> list[x509.GeneralName]:
        """The addresses the certificate vouches for."""
        return [_general_name(host) for host in self.hosts]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, both as PEM."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Pair(…)"


class Authority:
    """The one authority of a sandbox."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def load(cls, folder: Path) -> Authority:
        """Read the authority that *folder* holds."""
        certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{folder / 'ca.key'} holds a {type(key).__name__}")
        return cls(certificate, key)

    @classmethod
    def ensure(cls, folder: Path, name: str) -> Authority:
        """Return the authority of *folder*, a new one if there is none that holds."""
        present = cls._present(folder)
        if present and _holds(present.certificate):
            return present
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = _now()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DRIFT)
            .not_valid_after(now + dt.timedelta(days=AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        # The key first: a certificate without its key would look like an authority.
        files.write(folder / "ca.key", _private(key), files.PRIVATE)
        files.write(folder / "ca.crt", _public(certificate))
        return cls(certificate, key)

    @classmethod
    def _present(cls, folder: Path) -> Authority | None:
        if not (folder / "ca.crt").exists() or not (folder / "ca.key").exists():
            return None
        authority = cls.load(folder)
        same = authority.is_whole()
        return authority if same else None

    def is_whole(self) -> bool:
        """Tell whether certificate and key are a pair: a kill may have come between the two."""
        return self.certificate.public_key() == self._key.public_key()

    def sign(self, leaf: Leaf) -> Pair:
        """Return a new key and its certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = _now()
        end = min(now + dt.timedelta(days=LEAF_DAYS), self.certificate.not_valid_after_utc)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if leaf.server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = (
            x509.CertificateBuilder()
            .subject_name(leaf.subject)
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DRIFT)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if leaf.hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(leaf.names), critical=False)
        return Pair(_public(builder.sign(self._key, hashes.SHA256())), _private(key))

    def vouches_for(self, certificate: x509.Certificate, leaf: Leaf) -> bool:
        """Tell whether *certificate* holds, is *leaf*'s, and was signed here."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return (
            _holds(certificate)
            and certificate.subject == leaf.subject
            and _names(certificate) == leaf.names
        )

    def ensure_files(self, folder: Path, stem: str, leaf: Leaf) -> bool:
        """Keep `stem.crt` and `stem.key` in *folder* valid; return whether they are new."""
        certificate, key = folder / f"{stem}.crt", folder / f"{stem}.key"
        if certificate.exists() and key.exists():
            pair = Pair(certificate.read_bytes(), key.read_bytes())
            if belongs_together(pair) and self.vouches_for(_certificate(pair), leaf):
                return False
        pair = self.sign(leaf)
        files.write(key, pair.key, files.PRIVATE)
        files.write(certificate, pair.certificate)
        return True

    def ensure_kubeconfig(self, path: Path, leaf: Leaf, server: str, context: str) -> bool:
        """Keep a kubeconfig at *path* with one context; return whether it is new."""
        present = _pair_of(path)
        if present and belongs_together(present) and self.vouches_for(_certificate(present), leaf):
            wanted = self._kubeconfig(present, leaf, server, context)
            if path.read_text() == wanted:
                path.chmod(files.PRIVATE)
                return False
            return files.write(path, wanted, files.PRIVATE)
        return files.write(
            path, self._kubeconfig(self.sign(leaf), leaf, server, context), files.PRIVATE
        )

    def _kubeconfig(self, pair: Pair, leaf: Leaf, server: str, context: str) -> str:
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [
                {
                    "name": context,
                    "cluster": {
                        "server": server,
                        "certificate-authority-data": _base64(_public(self.certificate)),
                    },
                }
            ],
            "users": [
                {
                    "name": leaf.name,
                    "user": {
                        "client-certificate-data": _base64(pair.certificate),
                        "client-key-data": _base64(pair.key),
                    },
                }
            ],
            "contexts": [{"name": context, "context": {"cluster": context, "user": leaf.name}}],
        }
        return yaml.safe_dump(document, sort_keys=False)


CONTROLLERS = ("edge", "netpol", "provisioner")


def prepare(instance: Instance) -> bool:
    """Keep every certificate and kubeconfig of the cluster valid; return whether any is new."""
    folder = instance.pki
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    before = _contents(folder)
    authority = Authority.ensure(folder, f"Open Vault sandbox {instance.name}")
    for stem, leaf in _servers(instance).items():
        authority.ensure_files(folder, stem, leaf)
    for stem, leaf in _clients().items():
        authority.ensure_kubeconfig(
            folder / f"{stem}.conf", leaf, instance.api_server, instance.context
        )
    _ensure_service_account_key(folder)
    return _contents(folder) != before


def belongs_together(pair: Pair) -> bool:
    """Tell whether a certificate and a key, perhaps from strangers, are a pair."""
    try:
        key = serialization.load_pem_private_key(pair.key, None)
        return _certificate(pair).public_key() == key.public_key()
    except (ValueError, TypeError):
        return False


def _servers(instance: Instance) -> dict[str, Leaf]:
    service = "kubernetes.default.svc"
    return {
        "apiserver": Leaf(
            name="kube-apiserver",
            hosts=(
                "kubernetes",
                "kubernetes.default",
                service,
                f"{service}.{network.DOMAIN}",
                "localhost",
                "127.0.0.1",
                instance.node_ip,
                network.API_SERVICE,
            ),
            server=True,
        ),
        "kubelet-server": Leaf(
            name=f"system:node:{network.NODE}",
            group="system:nodes",
            hosts=(network.NODE, instance.node_ip, "127.0.0.1"),
            server=True,
        ),
        "apiserver-kubelet": Leaf(name="kube-apiserver-kubelet-client", group="system:masters"),
        "front-proxy": Leaf(name="front-proxy-client"),
    }


def _clients() -> dict[str, Leaf]:
    return {
        "admin": Leaf(name="admin", group="system:masters"),
        "controller-manager": Leaf(name="system:kube-controller-manager"),
        "scheduler": Leaf(name="system:kube-scheduler"),
        "proxy": Leaf(name="system:kube-proxy"),
        "kubelet": Leaf(name=f"system:node:{network.NODE}", group="system:nodes"),
        **{name: Leaf(name=f"sandbox:{name}") for name in CONTROLLERS},
    }


def _ensure_service_account_key(folder: Path) -> None:
    """Keep the key pair that signs the pods' tokens; they outlive a renewed authority."""
    private, public = folder / "sa.key", folder / "sa.pub"
    if private.exists():
        key = serialization.load_pem_private_key(private.read_bytes(), None)
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        files.write(private, _private(key), files.PRIVATE)
    written = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    files.write(public, written)


class _Secrets(TypedDict):
    users: list[dict[str, dict[str, str]]]


def _pair_of(kubeconfig: Path) -> Pair | None:
    if not kubeconfig.exists():
        return None
    try:
        document = cast("_Secrets", yaml.safe_load(kubeconfig.read_bytes()))
        user = document["users"][0]["user"]
        return Pair(
            base64.b64decode(user["client-certificate-data"]),
            base64.b64decode(user["client-key-data"]),
        )
    except (yaml.YAMLError, LookupError, TypeError, ValueError):
        return None


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _names(certificate: x509.Certificate) -> Sequence[x509.GeneralName]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(found.value)


def _holds(certificate: x509.Certificate) -> bool:
    now = _now()
    remaining = certificate.not_valid_after_utc - now
    return certificate.not_valid_before_utc <= now and remaining > dt.timedelta(days=RENEW_DAYS)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _certificate(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}

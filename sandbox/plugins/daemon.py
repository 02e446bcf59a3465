"""The Docker daemon's API, as far as building and pushing an image needs it."""

import base64
import contextlib
import http.client
import json
import os
import posixpath
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import quote, urlencode, urlsplit

from sandbox.plugins import buildkit, reference

# The oldest daemon with BuildKit that is still met, Docker 20.10, speaks this.
VERSION = "v1.41"

DEFAULT_HOST = "unix:///var/run/docker.sock"

# Docker Hub has one name in references, one in configurations, and one it is pulled from.
HUB_SERVER = "https://index.docker.io/v1/"
HUB_PULLS = "registry-1.docker.io"

# A socket that accepts and never answers must not hold the engine for ever.
PATIENCE = 20


class DaemonError(Exception):
    """What the daemon refused, or why it cannot be reached."""


class Cancelled(Protocol):
    """Calls back when nobody waits for an answer any more."""

    def add_callback(self, callback: Callable[[], None], /) -> bool:
        """Call *callback* when the call ends; return whether it will be called."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """How to log in to one registry."""

    username: str
    password: str = field(repr=False)
    server: str = ""

    def header(self) -> str:
        """Return the value of X-Registry-Auth."""
        return _encoded(
            {
                "username": self.username,
                "password": self.password,
                "serveraddress": self.server,
            }
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """What to build, in the daemon's words."""

    name: str
    dockerfile: str
    platform: str
    target: str = ""
    network: str = ""
    args: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    hosts: Sequence[str] = ()
    cache_from: Sequence[str] = ()
    legacy: bool = False

    def query(self) -> str:
        """Return the query of the build request."""
        words: list[tuple[str, str]] = [
            ("t", self.name),
            ("dockerfile", self.dockerfile),
            ("platform", self.platform),
            ("buildargs", json.dumps(dict(self.args))),
            ("rm", "0"),
            ("version", "1" if self.legacy else "2"),
            *(("extrahosts", host) for host in self.hosts),
        ]
        if self.target:
            words.append(("target", self.target))
        if self.network:
            words.append(("networkmode", self.network))
        if self.cache_from:
            words.append(("cachefrom", json.dumps(list(self.cache_from))))
        return urlencode(words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """What a daemon that wants TLS is shown: file names of PEM files."""

    ca: str
    certificate: str
    key: str

    def context(self) -> ssl.SSLContext:
        """Return the TLS settings."""
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True, slots=True)
class Daemon:
    """One Docker daemon."""

    host: str = DEFAULT_HOST
    tls: ssl.SSLContext | None = None

    def ping(self) -> None:
        """Raise unless the daemon answers."""
        with self._connection(PATIENCE) as connection:
            _answer(connection, "HEAD", "/_ping")

    def build(
        self,
        build: Build,
        archive: BinaryIO,
        logins: Mapping[str, Credentials],
        report: Callable[[str], None],
        cancelled: Cancelled,
    ) -> str:
        """Build the image and return its id; *report* hears each line of progress."""
        headers = {
            "Content-Type": "application/x-tar",
            "Content-Length": str(_size(archive)),
            "X-Registry-Config": _encoded(
                {
                    HUB_SERVER if server == reference.HUB else server: {
                        "username": login.username,
                        "password": login.password,
                    }
                    for server, login in logins.items()
                }
            ),
        }
        query = build.query()
        with contextlib.ExitStack() as stack:
            if logins and not build.legacy:
                session = stack.enter_context(self._session(logins))
                query += f"&session={session}"
            connection = stack.enter_context(self._connection())
            cancelled.add_callback(lambda: _hang_up(connection))
            path = f"/{VERSION}/build?{query}"
            try:
                answer = _answer(connection, "POST", path, body=archive, headers=headers)
            except DaemonError as error:
                raise DaemonError(
                    f"error building image: Error response from daemon: {error}"
                ) from error
            try:
                return _follow(_messages(answer), report)
            except DaemonError as error:
                raise DaemonError(f"error reading build output: {error}") from error

    def wait_for(self, image_id: str) -> None:
        """Wait until the daemon lists the image it has just built."""
        for _ in range(5):
            with self._connection() as connection:
                listed = json.load(_answer(connection, "GET", f"/{VERSION}/images/json"))
            if any(image["Id"] == image_id for image in listed):
                return
            time.sleep(1)
        raise DaemonError(f"the daemon does not list the image {image_id} that it built")

    def image_id(self, name: str) -> str:
        """Return the id of the local image *name*."""
        path = f"/{VERSION}/images/{quote(name)}/json"
        with self._connection() as connection:
            return json.load(_answer(connection, "GET", path))["Id"]

    def pull(self, name: str, login: Credentials | None) -> None:
        """Fetch the image *name*."""
        query = urlencode({"fromImage": reference.repository(name), "tag": reference.tag(name)})
        with self._connection() as connection:
            answer = _answer(
                connection,
                "POST",
                f"/{VERSION}/images/create?{query}",
                headers={"X-Registry-Auth": login.header() if login else _encoded({})},
            )
            for _ in _messages(answer):
                pass

    def push(
        self,
        name: str,
        login: Credentials | None,
        report: Callable[[str], None],
        cancelled: Cancelled,
    ) -> str:
        """Push the image *name* and return the digest that the registry knows it by."""
        path = (
            f"/{VERSION}/images/{quote(reference.repository(name))}/push"
            f"?{urlencode({'tag': reference.tag(name)})}"
        )
        headers = {"X-Registry-Auth": login.header() if login else _encoded({})}
        digest = ""
        with self._connection() as connection:
            cancelled.add_callback(lambda: _hang_up(connection))
            try:
                answer = _answer(connection, "POST", path, headers=headers)
                for message in _messages(answer):
                    digest = _pushed(message) or digest
                    line = " ".join(filter(None, (message.get("status"), message.get("progress"))))
                    if line:
                        report(line)
            except DaemonError as error:
                raise DaemonError(f"error reading push output: {error}") from error
        if not digest:
            raise DaemonError("error reading push output: the registry told no digest")
        return digest

    @contextlib.contextmanager
    def _session(self, logins: Mapping[str, Credentials]) -> Generator[str]:
        """Let the builder ask for *logins* while it pulls; yield the session's id."""

        def find(server: str) -> tuple[str, str]:
            login = logins.get(reference.HUB if server == HUB_PULLS else server)
            return (login.username, login.password) if login else ("", "")

        with self._connection() as connection, buildkit.credentials_server(find) as address:
            identity = base64.b16encode(os.urandom(16)).decode().lower()
            connection.putrequest("POST", "/session")
            for name, value in buildkit.session_headers(identity):
                connection.putheader(name, value)
            connection.endheaders()
            wire = connection.sock
            status = _switched(wire)
            if status != http.client.SWITCHING_PROTOCOLS:
                raise DaemonError(f"the daemon opens no session for a build: status {status}")
            with buildkit.bridge(wire, address):
                yield identity

    @contextlib.contextmanager
    def _connection(self, patience: float | None = None) -> Generator[http.client.HTTPConnection]:
        connection = _Connection(self.host, self.tls, patience)
        try:
            yield connection
        except (OSError, http.client.HTTPException) as error:
            raise DaemonError(
                f"cannot talk to the Docker daemon at {self.host}: {error}"
            ) from error
        finally:
            connection.close()


class _Connection(http.client.HTTPConnection):
    """HTTP to a daemon, which may listen on a socket file."""

    def __init__(self, host: str, tls: ssl.SSLContext | None, patience: float | None) -> None:
        self._address = host
        self._tls = tls
        super().__init__("docker", timeout=patience)

    def connect(self) -> None:
        kind, _, rest = self._address.partition("://")
        if kind == "unix":
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(self.timeout)
            self.sock.connect(rest)
            return
        address = urlsplit(self._address)
        port = address.port or (2376 if self._tls else 2375)
        name = address.hostname or ""
        self.sock = socket.create_connection((name, port), self.timeout)
        if self._tls or kind == "https":
            tls = self._tls or ssl.create_default_context()
            self.sock = tls.wrap_socket(self.sock, server_hostname=name)


def require_host(host: str) -> str:
    """Return *host* if it can be a daemon's address."""
    kind, separator, rest = host.partition("://")
    if not separator or not rest:
        raise DaemonError(f"unable to parse docker host `{host}`")
    if kind not in {"unix", "tcp", "http", "https"}:
        raise DaemonError(
            f"this docker plugin does not speak {kind}:// ({host}). "
            f"Forward the daemon's socket and set DOCKER_HOST=unix:///… or tcp://…, "
            f"or set OV_PULUMI_BIN to the folder of an official Pulumi"
        )
    return host


def tls_from_files(folder: str) -> ssl.SSLContext:
    """Return the TLS settings that *folder* holds as Docker names the files."""
    path = Path(folder)
    ca = posixpath.join(folder, "ca.pem")
    try:
        (path / "ca.pem").read_bytes()
    except OSError as error:
        raise DaemonError(
            f'failed to create tls config: could not read CA certificate "{ca}": '
            f"open {ca}: {(error.strerror or '').lower()}"
        ) from error
    try:
        return Tls(ca=ca, certificate=str(path / "cert.pem"), key=str(path / "key.pem")).context()
    except ssl.SSLError as error:
        raise DaemonError("tls: failed to find any PEM data in certificate input") from error
    except OSError as error:
        raise DaemonError(f"could not load X509 key pair from {folder}: {error}") from error


def tls_from_text(ca: str, certificate: str, key: str) -> ssl.SSLContext:
    """Return the TLS settings from the PEM texts themselves."""
    if not (ca and certificate and key):
        raise DaemonError("certMaterial, keyMaterial, and caMaterial must all be specified")
    # The ssl module reads a certificate with its key from files only; this folder is private.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in (("ca.pem", ca), ("cert.pem", certificate), ("key.pem", key)):
            (folder / file).write_text(text)
        return tls_from_files(name)


def _answer(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    *,
    body: BinaryIO | None = None,
    headers: Mapping[str, str] | None = None,
) -> http.client.HTTPResponse:
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    if answer.status >= http.client.BAD_REQUEST:
        raise DaemonError(_complaint(answer.read(), answer.status))
    return answer


def _complaint(body: bytes, status: int) -> str:
    try:
        return json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip() or f"status {status}"


def _messages(answer: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    for line in answer:
        if not line.strip():
            continue
        message = json.loads(line)
        if "error" in message:
            raise DaemonError(message.get("errorDetail", {}).get("message") or message["error"])
        yield message


def _follow(messages: Iterator[dict[str, Any]], report: Callable[[str], None]) -> str:
    image = ""
    for message in messages:
        if message.get("id") == "moby.buildkit.trace":
            for line in buildkit.lines(base64.b64decode(message["aux"])):
                report(line)
        elif "stream" in message:
            if message["stream"].strip():
                report(message["stream"].rstrip("\n"))
        elif "status" in message:
            report(message["status"])
        if isinstance(message.get("aux"), dict):
            image = message["aux"].get("ID") or image
    if not image:
        raise DaemonError("the build ended without an image")
    report(f"Built image with ID {image}")
    return image


def _pushed(message: Mapping[str, Any]) -> str:
    aux: dict[str, Any] = message.get("aux") or {}
    return aux.get("Digest", "")


def _switched(wire: socket.socket) -> int:
    """Read the answer's head byte by byte: what follows it belongs to another protocol."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = wire.recv(1)
        if not byte:
            raise DaemonError("the daemon hung up")
        head += byte
    return int(head.split(b" ", 2)[1])


def _hang_up(connection: http.client.HTTPConnection) -> None:
    # A daemon ends the build of a client that is gone.
    wire = connection.sock
    if wire is not None:
        with contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)


def _size(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def _encoded(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()

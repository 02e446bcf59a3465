"""BuildKit's own messages inside Docker's API: its progress, and its questions for passwords."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

# Field numbers of `moby.buildkit.v1.StatusResponse` and of what it holds.
VERTEX, STATUS, LOG = 1, 2, 3
VERTEX_NAME, VERTEX_ERROR = 3, 7
STATUS_ID = 1
LOG_TEXT = 4

AUTH_SERVICE = "moby.filesync.v1.Auth"
CREDENTIALS_METHOD = f"/{AUTH_SERVICE}/Credentials"

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def lines(status: bytes) -> list[str]:
    """Return the lines that a progress message of a build has for a person."""
    told: list[str] = []
    for number, value in _fields(status):
        if number == VERTEX:
            told.append(_vertex(value))
        elif number == STATUS:
            told += [_text(text) for key, text in _fields(value) if key == STATUS_ID]
        elif number == LOG:
            for key, text in _fields(value):
                if key == LOG_TEXT:
                    told += _text(text).splitlines()
    return [line for line in told if line.strip()]


def session_headers(identity: str) -> list[tuple[str, str]]:
    """Return the headers that turn a request into the session named *identity*."""
    return [
        ("Connection", "Upgrade"),
        ("Upgrade", "h2c"),
        ("X-Docker-Expose-Session-Uuid", identity),
        ("X-Docker-Expose-Session-Name", "pulumi"),
        ("X-Docker-Expose-Session-Sharedkey", ""),
        ("X-Docker-Expose-Session-Grpc-Method", CREDENTIALS_METHOD),
    ]


@contextlib.contextmanager
def credentials_server(find: Callable[[str], tuple[str, str]]) -> Generator[str]:
    """Answer BuildKit's questions for a registry's user and password; yield the socket's path."""

    def answer(request: bytes, context: Any) -> bytes:
        del context
        server = next((_text(value) for key, value in _fields(request) if key == 1), "")
        username, password = find(server)
        return _string(1, username) + _string(2, password)

    def healthy(request: bytes, context: Any) -> bytes:
        del request, context
        return b"\x08\x01"

    with tempfile.TemporaryDirectory() as folder:
        address = str(Path(folder) / "session.sock")
        server = grpc.server(ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers(
            (
                _service(AUTH_SERVICE, "Credentials", answer),
                _service("grpc.health.v1.Health", "Check", healthy),
            )
        )
        server.add_insecure_port(f"unix:{address}")
        server.start()
        try:
            yield address
        finally:
            server.stop(0).wait()


@contextlib.contextmanager
def bridge(wire: socket.socket, address: str) -> Generator[None]:
    """Carry bytes between *wire* and the server at *address* until the block ends."""
    with socket.socket(socket.AF_UNIX) as local:
        local.connect(address)
        pumps = [
            threading.Thread(target=_pump, args=ends, daemon=True)
            for ends in ((wire, local), (local, wire))
        ]
        for pump in pumps:
            pump.start()
        try:
            yield
        finally:
            for end in (wire, local):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            for pump in pumps:
                pump.join()


def _vertex(value: bytes) -> str:
    parts = {number: _text(text) for number, text in _fields(value)}
    name, error = parts.get(VERTEX_NAME, ""), parts.get(VERTEX_ERROR)
    return f"{name}\nerror: {error}" if error else name


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each field of *message* that has bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            _, at = _varint(message, at)
        elif kind == BYTES:
            size, at = _varint(message, at)
            yield number, message[at : at + size]
            at += size
        else:
            at += 8 if kind == FIXED64 else 4


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def _string(number: int, text: str) -> bytes:
    data = text.encode()
    size = len(data)
    length = bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    length.append(size)
    return bytes([number << 3 | BYTES]) + bytes(length) + data


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _service(name: str, method: str, answer: Callable[[bytes, Any], bytes]) -> Any:
    # Without serialisers, messages are bytes: two fields need no generated code.
    return grpc.method_handlers_generic_handler(
        name, {method: grpc.unary_unary_rpc_method_handler(answer)}
    )


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

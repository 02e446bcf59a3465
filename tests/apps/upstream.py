"""Stand-ins for what is behind the proxy: servers that say what they were asked, and names."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from typing_extensions import override

# What the front end has as OV_API_URL.
INTERNAL = "http://ov-wag:8000"

PAGE = f"""\
<img src="{INTERNAL}/media/a.jpg"><script>window.__context = {{"apiUrl":"{INTERNAL}"}}</script>
<a href="{INTERNAL}-handbook.example.org/">not the API</a>
"""


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Whose answer was cut off once.
    cut: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/page":
            self._say(PAGE, "text/html")
        elif self.path == "/stern":
            self._say(PAGE, "text/html", frame="DENY")
        elif self.path.startswith("/cut"):
            self.close_connection = True
            if self.path in self.cut:
                self._say("answered", "text/plain")
            self.cut.add(self.path)
        elif self.path == "/fails":
            self._say("our own words", "text/plain", status=503)
        else:
            address, port = self.connection.getsockname()[:2]
            said = {"path": self.path, "headers": dict(self.headers)}
            self._say(json.dumps(said | {"address": address, "port": port}), "application/json")

    def do_POST(self) -> None:
        self.do_GET()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _say(self, text: str, kind: str, status: int = 200, frame: str = "") -> None:
        content = text.encode()
        self.send_response(status)
        if frame:
            self.send_header("X-Frame-Options", frame)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "sessionid=1; HttpOnly; Secure")
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def echo(address: str = "127.0.0.1", port: int = 0) -> Generator[int]:
    """Serve at *address* and yield the port."""
    server = ThreadingHTTPServer((address, port), _Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Names(threading.Thread):
    """A name server for whatever stands in `known`; it remembers what it was asked."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.known: dict[str, str] = {}
        self.asked: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))

    @override
    def run(self) -> None:
        # An empty question is how close() ends the waiting.
        while (asked := self._socket.recvfrom(512))[0]:
            self._socket.sendto(self._answer(asked[0]), asked[1])

    def close(self) -> None:
        """Answer no more."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"", self._socket.getsockname())
        self.join()
        self._socket.close()

    def _answer(self, question: bytes) -> bytes:
        labels: list[str] = []
        place = 12
        while size := question[place]:
            labels.append(question[place + 1 : place + 1 + size].decode())
            place += size + 1
        name = ".".join(labels)
        self.asked.add(name.lower())
        kind = struct.unpack(">H", question[place + 1 : place + 3])[0]
        asked = question[12 : place + 5]
        address = self.known.get(name)
        missing = 0 if address else 3
        answers = int(address is not None and kind == 1)
        header = question[:2] + struct.pack(">HHHHH", 0x8180 | missing, 1, answers, 0, 0)
        if not answers:
            return header + asked
        record = struct.pack(">HHHLH", 0xC00C, 1, 1, 30, 4) + socket.inet_aton(address or "")
        return header + asked + record

"""The docker plugin behind its real gRPC server, with an engine and a daemon that only record."""

import base64
import http.server
import json
import socketserver
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc
from typing_extensions import override

from sandbox.plugins.docker import TYPE, DockerProvider

URN = f"urn:pulumi:stack::project::{TYPE}::image"
PROVIDER_URN = "urn:pulumi:stack::project::pulumi:providers:docker::x"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
IMAGE_ID = "sha256:" + "1" * 64
DIGEST = "sha256:" + "d" * 64


class Engine(engine_pb2_grpc.EngineServicer):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    @override
    def Log(self, request: Any, context: Any) -> Empty:
        self.said.append(request)
        return Empty()

    def kept(self) -> list[tuple[str, str]]:
        """Return severity and text of what stays on the person's screen."""
        return [
            (engine_pb2.LogSeverity.Name(one.severity), one.message)
            for one in self.said
            if not one.ephemeral
        ]

    def progress(self) -> list[str]:
        """Return what was shown for a moment."""
        return [one.message for one in self.said if one.ephemeral]


@dataclass
class Answers:
    """What the recording daemon answers, and what it was asked."""

    build: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": "moby.image.id", "aux": {"ID": IMAGE_ID}}]
    )
    push: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"status": "Pushed"},
            {"aux": {"Tag": "1", "Digest": DIGEST, "Size": 1}},
        ]
    )
    refusal: str | None = None
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    builds: list[dict[str, list[str]]] = field(default_factory=list[dict[str, list[str]]])
    logins: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


def _handler(answers: Answers) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        @override
        def address_string(self) -> str:
            return "socket"

        @override
        def log_message(self, format: str, *args: Any) -> None:
            del format, args

        def do_HEAD(self) -> None:
            answers.asked.append(("HEAD", self.path))
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            answers.asked.append(("GET", self.path))
            image = {"Id": IMAGE_ID}
            self._say([[image]] if self.path.endswith("/images/json") else [image])

        def do_POST(self) -> None:
            url = urlsplit(self.path)
            answers.asked.append(("POST", url.path))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if answers.refusal is not None:
                self._say([{"message": answers.refusal}], status=400)
            elif url.path.endswith("/build"):
                answers.builds.append(parse_qs(url.query))
                self._say(answers.build)
            elif url.path.endswith("/push"):
                login = base64.urlsafe_b64decode(self.headers["X-Registry-Auth"])
                answers.logins.append(json.loads(login))
                self._say(answers.push)
            else:
                self._say([{"message": "no such thing"}], status=404)

        def _say(self, messages: list[Any], status: int = 200) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"".join(json.dumps(one).encode() + b"\n" for one in messages))

    return Handler


@contextmanager
def recording_daemon(path: Path) -> Generator[Answers]:
    """Run a daemon on the socket *path* that builds nothing and remembers everything."""
    answers = Answers()

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with Server(str(path), _handler(answers)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield answers
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Provider:
    """A client of the plugin, with the engine that the plugin talks to."""

    stub: Any
    engine: Engine

    def configure(self, **variables: str) -> None:
        """Configure as the engine does."""
        self.stub.Configure(
            provider_pb2.ConfigureRequest(
                variables={f"docker:config:{key}": value for key, value in variables.items()}
            )
        )

    def check(self, **inputs: Any) -> dict[str, Any]:
        """Return the checked inputs."""
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=URN, news=struct(inputs)))
        assert not answer.failures
        return MessageToDict(answer.inputs)

    def refusal(self, **inputs: Any) -> str:
        """Return why the inputs are refused."""
        return error_of(lambda: self.check(**inputs))

    def diff(self, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Any:
        """Return the difference between the inputs of the last build and *new*."""
        olds: dict[str, Any] = {} if old is None else {"__inputs": dict(old)}
        return self.stub.Diff(
            provider_pb2.DiffRequest(urn=URN, id="x", olds=struct(olds), news=struct(new))
        )

    def create(self, inputs: Mapping[str, Any], *, preview: bool = False) -> Any:
        """Return the answer to a creation."""
        return self.stub.Create(
            provider_pb2.CreateRequest(urn=URN, properties=struct(inputs), preview=preview)
        )


@contextmanager
def plugin() -> Generator[Provider]:
    """Serve the plugin and an engine for it."""
    with serving(DockerProvider) as (stub, engine):
        yield Provider(stub, engine)


@contextmanager
def serving(
    make: Callable[[str], provider_pb2_grpc.ResourceProviderServicer],
) -> Generator[tuple[Any, Engine]]:
    """Serve an engine and the plugin that *make* makes for its address."""
    engine = Engine()
    with ThreadPoolExecutor(8) as threads:
        ours = grpc.server(threads)
        engine_pb2_grpc.add_EngineServicer_to_server(engine, ours)
        port = ours.add_insecure_port("127.0.0.1:0")
        ours.start()
        server = grpc.server(threads)
        provider = make(f"127.0.0.1:{port}")
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
        address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        try:
            with grpc.insecure_channel(address) as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel), engine
        finally:
            server.stop(0).wait()
            ours.stop(0).wait()


def struct(values: Mapping[str, Any]) -> Struct:
    """Return a message of *values*."""
    message = Struct()
    message.update(dict(values))
    return message


def error_of(call: Any) -> str:
    """Return the text of the error that *call* ends in, which has no other code than UNKNOWN."""
    try:
        call()
    except grpc.RpcError as error:
        failed: Any = error
        assert failed.code() is grpc.StatusCode.UNKNOWN
        return failed.details()
    raise AssertionError("it did not fail")

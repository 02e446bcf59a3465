"""The proxy of this checkout, run by the sandbox's nginx on the loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sandbox import toolchain
from sandbox.instance import CHECKOUT, Instance
from tests.apps.docker import Docker
from tests.apps.ports import free_port
from tests.apps.upstream import INTERNAL, Names, echo

SITE = "ov-demo.localhost"
ADMIN = "admin.ov-demo.localhost"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy."""

    port: int
    files: Path
    log: Path

    def ask(
        self, host: str, path: str = "/", method: str = "GET", content: bytes = b"", **headers: str
    ) -> httpx.Response:
        """Send one request, spelled as given."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with httpx.Client(trust_env=False, timeout=20) as client:
            return client.request(
                method,
                f"http://127.0.0.1:{self.port}{path}",
                headers={"Host": host, **named},
                content=content,
            )

    def line(self, uri: str) -> dict[str, str]:
        """Return what the access log says of *uri*: soon, since it is written after the answer."""
        for _ in range(100):
            for line in self.log.read_text().splitlines(keepends=True):
                if line.startswith("{") and line.endswith("\n"):
                    said = json.loads(line)
                    if said["uri"] == uri:
                        return said
            time.sleep(0.05)
        raise AssertionError(f"no line about {uri} in:\n{self.log.read_text()}")


Start = Callable[..., Proxy]


@pytest.fixture(scope="session")
def tools() -> toolchain.Toolchain:
    return toolchain.prepare(Instance.from_environment().cache, print)


@pytest.fixture(scope="module")
def docker(tools: toolchain.Toolchain) -> Generator[Docker]:
    """Return the sandbox's Docker; what a test starts there is removed."""
    docker = Docker(Instance.from_environment(), tools)
    yield docker
    if docker.started:
        docker("rm", "--force", "--volumes", *docker.started)


@pytest.fixture(scope="module")
def start(tools: toolchain.Toolchain) -> Generator[Start]:
    """Start proxies as their image does; keyword arguments are variables of their environment."""
    with contextlib.ExitStack() as stack:
        # nginx gives its work to a user who must be able to read this.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        shutil.copytree(CHECKOUT / "images/ov-nginx", folder / "ov-nginx")

        def begin(**environment: str) -> Proxy:
            run = Path(tempfile.mkdtemp(dir=folder))
            run.chmod(0o755)
            files = run / "srv"
            for volume in ("static", "media"):
                (files / volume).mkdir(parents=True)
            port = free_port()
            env = {
                **os.environ,
                **tools.env(),
                "SITE_HOST": SITE,
                "ADMIN_HOST": ADMIN,
                "BACKEND_URL": INTERNAL,
                "MIME_TYPES": str(tools.directory("debs") / "etc/nginx/mime.types"),
                "PORT": str(port),
                "RUN_DIR": str(run),
                "FILES": str(files),
                **environment,
            }
            log = (run / "log").open("wb")
            process = subprocess.Popen(
                ["sh", folder / "ov-nginx/entrypoint.sh"], env=env, stdout=log, stderr=log
            )
            stack.callback(log.close)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            proxy = Proxy(port, files, run / "log")
            _wait(proxy, process)
            return proxy

        yield begin


def _wait(proxy: Proxy, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert process.poll() is None, proxy.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            proxy.ask("probe", "/healthz")
            return
        time.sleep(0.05)
    raise AssertionError(proxy.log.read_text())


@pytest.fixture(scope="module")
def proxy(start: Start) -> Generator[Proxy]:
    """Start a proxy before one front end and one CMS."""
    with echo() as front, echo() as back:
        proxy = start(FRONTEND=f"127.0.0.1:{front}", BACKEND=f"127.0.0.1:{back}")
        yield proxy


@pytest.fixture
def names() -> Generator[Names]:
    names = Names("127.0.53.1")
    names.start()
    yield names
    names.close()

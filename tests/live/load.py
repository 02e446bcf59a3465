"""A steady stream of requests by the edge's front door, and what became of each."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.instance import Instance
from sandbox.toolchain.golang import LOAD
from tests.live.platform import Platform, host


@dataclass(slots=True)
class Load:
    """What the load tool has to tell once it has ended."""

    sent: int = 0
    failed: int = 0
    errors: Sequence[str] = ()
    statuses: str = ""


@contextmanager
def steady(platform: Platform, paths: Sequence[str], rate: int, folder: Path) -> Generator[Load]:
    """Ask for one of *paths* after another, *rate* times a second, as long as the block lasts."""
    vegeta = program(platform.instance)
    targets, results = folder / "targets", folder / "results"
    targets.write_text("".join(f"GET {path}\n" for path in paths))
    door = f"127.0.0.1:{platform.instance.https_port}"
    hosts = {host(path) for path in paths}
    attack = subprocess.Popen(
        [
            vegeta, "attack", f"-rate={rate}", "-duration=0", "-timeout=30s", "-http2=false",
            f"-targets={targets}", f"-output={results}",
            f"-root-certs={platform.environment['OV_CA_FILE']}",
            *(f"-connect-to={name}:{platform.instance.https_port}:{door}" for name in hosts),
        ],
    )  # fmt: skip
    load = Load()
    try:
        yield load
    finally:
        attack.send_signal(signal.SIGINT)
        attack.wait(60)
    report = platform.run(str(vegeta), "report", "-type=json", str(results)).stdout
    said: dict[str, Any] = json.loads(report)
    load.sent = said["requests"]
    load.failed = load.sent - round(said["success"] * load.sent)
    load.errors = said["errors"]
    load.statuses = str(said["status_codes"])


def program(instance: Instance) -> Path:
    """Return the load tool, made if it is not there yet."""
    LOAD.provide(instance.cache, print)
    return LOAD.folder(instance.cache) / "vegeta"

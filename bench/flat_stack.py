"""The same objects in a program without components: what every figure of the engine is held to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import objects
from bench.timing import seconds
from sandbox.instance import CHECKOUT
from tests.live.platform import Platform

STACK = "ov-demo"
NAMESPACE = "ov-bench"


def project(
    platform: Platform,
    folder: Path,
    copies: Mapping[str, Sequence[Any]],
    images: Sequence[Any] = (),
) -> dict[str, str]:
    """Write the program and what it registers; return the environment of its commands.

    *copies* are the objects of each namespace.
    """
    shutil.copytree(CHECKOUT / "bench" / "flat", folder)
    shutil.copytree(CHECKOUT / "images", folder / "images")
    described = folder / "Pulumi.yaml"
    described.write_text(
        described.read_text().replace(
            "runtime: python",
            f"runtime: {{name: python, options: {{virtualenv: {CHECKOUT / '.venv'}}}}}",
        )
    )
    listed = {"context": platform.instance.context, "copies": copies, "images": images}
    (folder / "listed.json").write_text(json.dumps(listed))
    state = folder / "state"
    state.mkdir()
    own = dict(platform.environment) | {
        "PULUMI_OPTION_CWD": str(folder),
        "PULUMI_BACKEND_URL": f"file://{state}?metadata=skip",
        "OV_FLAT": str(folder / "listed.json"),
    }
    seconds(["pulumi", "stack", "select", "--create", STACK], own)
    return own


@contextmanager
def deployed(platform: Platform, folder: Path) -> Generator[dict[str, str]]:
    """Deploy ov-demo's objects once more; yield the environment; take them away."""
    found = objects.kubernetes(platform, NAMESPACE)
    own = project(platform, folder, {NAMESPACE: found}, objects.images(platform))
    try:
        seconds(["pulumi", "up", "-s", STACK, "--yes", "--skip-preview"], own)
        yield own
    finally:
        gone = ("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=true")
        platform.run("kubectl", *gone)

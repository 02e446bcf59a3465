"""The committed stacks, run by the real program on the recording engine."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import yaml

from tests.engine import Engine, run

ROOT = Path(__file__).parent.parent
STACKS = sorted(path.stem.removeprefix("Pulumi.") for path in ROOT.glob("Pulumi.*.yaml"))
SCHEMA: Mapping[str, Any] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

SECRETS: Mapping[str, str] = {
    "adminPassword": "sentinel-of-the-administrator",
    "databasePassword": "sentinel-of-the-database",
    "secretKey": "sentinel-of-the-sessions-which-has-to-be-fifty-characters-long",
}


def written(stack: str) -> dict[str, Any]:
    """Return the configuration in *stack*'s committed file."""
    return yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]


def chosen(stack: str) -> dict[str, Any]:
    """Return what *stack*'s committed file chooses, by the key's own name."""
    own = "openvault:"
    config = written(stack)
    return {key.removeprefix(own): at for key, at in config.items() if key.startswith(own)}


def configured(stack: str, **changes: Any) -> dict[str, str]:
    """Return *stack*'s configuration as the engine would hand it over; None leaves a key out."""
    defaults = {key: of["default"] for key, of in SCHEMA.items()}
    values = defaults | chosen(stack) | dict(SECRETS) | changes
    return {f"openvault:{key}": _text(at) for key, at in values.items() if at is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def up(stack: str, *, preview: bool = False, sealed: bool = True, **changes: Any) -> Engine:
    """Run the real program against *stack*'s committed configuration, with *changes*."""
    config = configured(stack, **changes)
    secret = [f"openvault:{key}" for key in SECRETS] if sealed else []

    def program() -> None:
        pulumi.runtime.set_all_config(config, secret)
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    return run(program, stack=stack, preview=preview)


@cache
def settled(stack: str) -> Engine:
    """Return one run of *stack* as committed, made once: for tests that only look."""
    return up(stack)

"""The command line knows the program's names for things, and nothing of how they are made."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

from sandbox.instance import CHECKOUT

ALLOWED = {
    "components",
    "components.answers",
    "components.contract",
    "components.generations",
    "components.naming",
    "components.reference",
    "components.roster",
    "sandbox.errors",
}


def foreign() -> Iterator[str]:
    for path in (CHECKOUT / "operations").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)


def test_only_values_and_errors_are_shared() -> None:
    ours = {name for name in foreign() if name.split(".")[0] in {"components", "sandbox"}}

    assert ours <= ALLOWED


def test_no_engine_and_no_docker_is_needed() -> None:
    assert not {name for name in foreign() if name.startswith(("pulumi", "docker"))}


def test_the_command_line_starts_without_the_engines_sdk() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, operations.cli; print(*sys.modules)"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip

    assert "components.reference" in loaded
    assert "pulumi" not in loaded

"""The stack `openvault` on the sandbox, beside `ov-demo`."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from sandbox import settings
from sandbox.images import references
from tests.live.platform import Platform

STACK = "openvault"


class Production:
    """The stack `openvault` on the sandbox, as the committed file wants it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def pulumi(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pulumi on this stack."""
        return self.platform.run(
            "pulumi", *words, "-s", STACK, "--non-interactive", "--color", "never", check=check
        )

    def up(self) -> str:
        """Deploy, and return what the engine said."""
        return self.pulumi("up", "--yes", "--skip-preview").stdout

    def set(self, key: str, value: str) -> None:
        """Choose a value."""
        self.pulumi("config", "set", key, value)

    def seal(self, key: str, value: str = "") -> None:
        """Choose a secret value, one of chance without *value*; no command line shows it."""
        subprocess.run(
            ["pulumi", "config", "set", "--secret", key, "-s", STACK],
            env=dict(self.platform.environment),
            input=value or secrets.token_urlsafe(48),
            text=True, check=True, capture_output=True,
        )  # fmt: skip

    def names(self, kind: str) -> set[str]:
        """Return the names of every object of a kind."""
        found = self.platform.objects(kind, stack=STACK)
        return {each["metadata"]["name"] for each in found}


@contextmanager
def production(
    platform: Platform,
    choices: Mapping[str, Any] | None = None,
    values: Mapping[str, str] | None = None,
) -> Generator[Production]:
    """Make the stack, with further *choices* and sealed *values*; remove all of it at the end."""
    instance = platform.instance
    stack = Production(platform)
    known = values or {}
    lacking = settings.write_stack(
        instance,
        references(instance),
        STACK,
        choices=choices,
        secrets=[*{*settings.SECRETS, *known}],
    )
    platform.run("pulumi", "stack", "select", "--create", STACK)
    try:
        for key in lacking:
            stack.seal(key, known.get(key, ""))
        yield stack
    finally:
        stack.set("protect", "false")
        stack.pulumi("state", "unprotect", "--all", "--yes")
        stack.pulumi("destroy", "--yes", "--skip-preview")
        platform.run("kubectl", "delete", "namespace", STACK, "--ignore-not-found", "--wait=true")
        stack.pulumi("stack", "rm", "--yes", "--force")

"""The committed stacks, with secrets that a test knows again wherever they turn up."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from declared import stacks
from declared.engine import Engine
from declared.stacks import OUTSIDE, declare

SECRETS: Mapping[str, str] = {
    "adminPassword": "sentinel-of-the-administrator",
    "databasePassword": "sentinel-of-the-database",
    "secretKey": "sentinel-of-the-sessions-which-has-to-be-fifty-characters-long",
}

# What a stack of generation 1.x seals besides.
OUTSIDE_SECRETS: Mapping[str, str] = {
    "bucketAccessKey": "sentinel-of-the-access",
    "bucketSecretKey": "sentinel-of-the-bucket-which-is-long",
    "searchPassword": "sentinel-of-the-search",
    "searchBrowserKey": "sentinel-of-the-browsers",
    "signOnSecret": "sentinel-of-the-sign-on",
}
ONE: Mapping[str, Any] = {**OUTSIDE, **OUTSIDE_SECRETS}

# What may have a secret in it, beside what is one.
SEALED = ("registries", "rancherToken")


def configured(stack: str, **changes: Any) -> dict[str, str]:
    """Return *stack*'s configuration as the engine would hand it over; None leaves a key out."""
    return stacks.configured(stack, SECRETS, **changes)


def up(
    stack: str,
    *,
    preview: bool = False,
    sealed: bool = True,
    held: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Engine:
    """Run the real program against *stack*'s committed configuration, with *changes*.

    *held* is what the cluster has of each kind, in the words of kubectl: nothing, unless said.
    """
    secret = [f"openvault:{key}" for key in (*SECRETS, *OUTSIDE_SECRETS, *SEALED)] if sealed else []
    return declare(stack, configured(stack, **changes), secret, preview=preview, held=held)


@cache
def settled(stack: str) -> Engine:
    """Return one run of *stack* as committed, made once: for tests that only look."""
    return up(stack)


@cache
def settled_of_one(stack: str) -> Engine:
    """Return one run of *stack* as it would be in generation 1.x, made once."""
    return up(stack, **ONE)

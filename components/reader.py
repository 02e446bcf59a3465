"""Reads a stack's configuration, one key after another."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from components.endpoint import Address, Edge

T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_SIZE = re.compile(r"([1-9]\d*)(Mi|Gi|Ti)")
_MEBIBYTES = {"Mi": 1, "Gi": 1024, "Ti": 1024 * 1024}
# Minute, hour, day of the month, month, day of the week, each as cron knows it.
_TIME = r"(\*|\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*)(/\d{1,2})?"
CRON = re.compile(rf"{_TIME}( {_TIME}){{4}}")
_DOCKER = re.compile(r"(unix|tcp|ssh|npipe)://\S+")


class Reader:
    """Reads one key after another, and remembers what it was asked for and what was wrong."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        self._config = pulumi.Config()
        self._asked = set[str]()
        self._problems: list[str] = []

    def some(self, key: str, example: str) -> str:
        """Return text that is not empty."""
        return self.parsed(key, "a value that is not empty", example, lambda text: text or None)

    def matching(self, key: str, allowed: str, example: str, pattern: re.Pattern[str]) -> str:
        """Return text that *pattern* describes in full."""
        return self.parsed(
            key, allowed, example, lambda text: text if pattern.fullmatch(text) else None
        )

    def name(self, key: str, example: str) -> str:
        """Return the name of a Kubernetes object, or nothing."""
        if not self.text(key):
            return ""
        allowed = "the name of a Kubernetes object: small letters, digits, - and ."
        return self.matching(key, allowed, example, _NAME)

    def size(self, key: str) -> str:
        """Return the size of a volume."""
        return self.matching(key, "a size in Mi, Gi or Ti", "10Gi", _SIZE)

    def address(self, key: str, example: str) -> Address:
        """Return a public address."""
        allowed = "an address of scheme and host, without a path"
        return self.parsed(key, allowed, example, Address.parse)

    def edge(self, key: str) -> Edge:
        """Return where the edge's requests come from."""
        allowed = "a namespace, or a network of addresses with its length"
        return self.parsed(key, allowed, "ingress-nginx", Edge.parse)

    def docker_host(self, key: str) -> str:
        """Return the address of a Docker daemon, or nothing."""
        if not self.text(key):
            return ""
        return self.matching(key, "an address with its scheme", "unix:///run/docker.sock", _DOCKER)

    def one_of(self, key: str, choices: Mapping[str, T]) -> T:
        """Return the choice that the key names."""
        return self.parsed(key, f"one of: {', '.join(choices)}", next(iter(choices)), choices.get)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        return self.parsed(key, "true or false", "true", {"true": True, "false": False}.get)

    def secret(self, key: str, length: int) -> pulumi.Output[str]:
        """Return a sealed value of at least *length* characters."""
        text = self.text(key)
        full = self.full(key)
        way_out = f"Type: pulumi config set --secret {key} -s {self.stack}    (it asks for it)"
        if not text:
            self.say(f"{full} is missing: at least {length} characters are needed", way_out)
        elif not self.is_sealed(key):
            self.say(f"{full} is stored in clear: it must be sealed", way_out)
        elif len(text) < length:
            self.say(f"{full} is too short: at least {length} characters are needed", way_out)
        return pulumi.Output.secret(text)

    def full(self, key: str) -> str:
        """Return a key as stack files spell it."""
        return self._config.full_key(key)

    def is_sealed(self, key: str) -> bool:
        """Return whether a key's value, or anything in it, is sealed."""
        return is_config_secret(self.full(key))

    def text(self, key: str) -> str:
        """Return what a key holds; asked for once, it is a key that somebody knows."""
        self._asked.add(key)
        return self._config.get(key) or ""

    def object(self, key: str) -> dict[str, Any]:
        """Return the object that a key holds; what is none is one without a sense."""
        text = self.text(key) or "{}"
        try:
            given: object = json.loads(text)
        except ValueError:
            given = None
        return cast("dict[str, Any]", given) if isinstance(given, dict) else {"": None}

    def table(self, key: str) -> dict[str, Any]:
        """Return what the key says of each service."""
        given = self.object(key)
        if given.keys() != {""}:
            return given
        self.say(
            f"{self.full(key)} is {self.text(key)}: it has to say of which service",
            f"Type: pulumi config rm {key} -s {self.stack}",
        )
        return {}

    def entry(self, key: str, entry: str, problem: str, example: str = "") -> None:
        """Refuse one entry of a table: it is to be set to *example*, or removed without one."""
        words = f"set --path {key}.{entry} {example}" if example else f"rm --path {key}.{entry}"
        self.say(
            f"{self.full(key)}, {entry}: {problem}",
            f"Type, for example: pulumi config {words} -s {self.stack}",
        )

    def parsed(self, key: str, allowed: str, example: str, parse: Callable[[str], T | None]) -> T:
        """Return what *parse* makes of the key's text; without it, refuse and read an example."""
        value = parse(self.text(key))
        if value is not None:
            return value
        self.refuse(key, allowed, example)
        return cast("T", parse(example))

    def refuse(self, key: str, allowed: str, example: str, way_out: str = "") -> None:
        """Say that a key needs what is *allowed*, and what to type for an example of it."""
        text = self.text(key)
        state = f"is {text!r}" if text else "is missing or empty"
        self.say(
            f"{self.full(key)} {state}: {allowed} is needed",
            "Type, for example: "
            + (way_out or f"pulumi config set {key} {example} -s {self.stack}"),
        )

    def say(self, problem: str, way_out: str) -> None:
        """Keep a problem, and what to do about it, until all are told at once."""
        self._problems.append(f"- {problem}.\n    {way_out}")

    def finish(self) -> None:
        """Refuse everything that was wrong, and every key nobody asked for."""
        own = f"{self._config.name}:"
        present = {key.removeprefix(own) for key in CONFIG.get() if key.startswith(own)}
        for key in sorted(present - self._asked):
            self._unknown(key)
        if self._problems:
            raise pulumi.RunError(
                f"The settings of stack {self.stack} cannot be used. Nothing was changed.\n"
                + "\n".join(self._problems)
            )

    def _unknown(self, key: str) -> None:
        near = difflib.get_close_matches(key, sorted(self._asked), n=1)
        self.say(
            f"{self.full(key)} is no setting of this program"
            + (f": did you mean {near[0]}?" if near else ", see Pulumi.yaml for all there are"),
            f"Type: pulumi config rm {key} -s {self.stack}",
        )


def mebibytes(size: str) -> int:
    """Return how many MiB a *size* in Mi, Gi or Ti is, as all sizes here are."""
    match = _SIZE.fullmatch(size)
    if not match:
        raise ValueError(size)
    return int(match[1]) * _MEBIBYTES[match[2]]

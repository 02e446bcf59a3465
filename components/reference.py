"""What an image is called, and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from components.contract import Promise

_WORD = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<repository>(?:[\w.-]+(?::\d+)?/)?{_WORD}(?:/{_WORD})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


# What the clusters' nodes are, whatever the machine that builds is.
PLATFORM = "linux/amd64"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """The name of an image that will be the same image tomorrow."""

    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> Reference | None:
        """Return the reference *text* spells, or None when it may move or is no reference."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            return None
        reference = cls(**match.groupdict())
        pinned = reference.digest or (reference.tag and reference.tag != "latest")
        return reference if pinned else None

    @property
    def names_registry(self) -> bool:
        """Whether the repository says which registry it is in, as a push requires."""
        first, _, rest = self.repository.partition("/")
        return bool(rest) and (first == "localhost" or "." in first or ":" in first)

    @property
    def registry(self) -> str:
        """The registry that holds it: Docker Hub, unless the repository names another."""
        return self.repository.partition("/")[0] if self.names_registry else "docker.io"

    @property
    def generation(self) -> str | None:
        """The generation that its version belongs to, if its tag is a version."""
        version = re.match(r"v?(\d+)\.\d+", self.tag or "")
        return f"{version[1]}.x" if version else None

    @property
    def series(self) -> str | None:
        """The version without its last number, if its tag is one: patches change no contract."""
        version = re.match(r"v?(\d+\.\d+)", self.tag or "")
        return version[1] if version else None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """How to build an image; paths are relative to the program."""

    context: str
    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict[str, str])
    platform: str = PLATFORM


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """An image by its reference: built and pushed from here, or published elsewhere."""

    reference: Reference
    build: Build | None
    # What the image says of itself, as far as that is known without fetching it.
    promise: Promise | None = None

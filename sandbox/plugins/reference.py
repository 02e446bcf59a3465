"""Image names, as Docker and the OCI registries read them."""

import re

_COMPONENT = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG = r"[\w][\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"((?:{_HOST}/)?{_PART}(?:/{_PART})*)(?::({_TAG}))?(?:@({_DIGEST}))?", re.ASCII
)

HUB = "docker.io"
LONGEST = 255


class InvalidNameError(ValueError):
    """What is wrong with an image name."""


def require_canonical(name: str) -> None:
    """Raise unless *name* says everything, its registry first: nothing is filled in."""
    host, rest = _split(name)
    repository = rest.partition(":")[0]
    if repository != repository.lower():
        raise InvalidNameError(
            f"invalid reference format: repository name ({repository}) must be lowercase"
        )
    if re.fullmatch(r"[0-9a-f]{64}", name):
        raise InvalidNameError(
            f"invalid repository name ({name}), cannot specify 64-byte hexadecimal strings"
        )
    full = f"{host}/{rest}"
    found = _REFERENCE.fullmatch(full)
    if found is None:
        raise InvalidNameError("invalid reference format")
    if len(found[1]) > LONGEST:
        raise InvalidNameError("repository name must not be more than 255 characters")
    if full != name:
        raise InvalidNameError("repository name must be canonical")


def repository(name: str) -> str:
    """Return *name* without its tag and digest."""
    bare = name.partition("@")[0]
    slash = bare.rfind("/")
    colon = bare.rfind(":")
    return bare[:colon] if colon > slash else bare


def tag(name: str) -> str:
    """Return the tag of *name*; `latest` is what Docker takes without one."""
    bare = name.partition("@")[0]
    return bare[len(repository(bare)) + 1 :] or "latest"


def registry(name: str) -> str:
    """Return the host of the registry that *name* is kept in."""
    return _split(name)[0]


def _split(name: str) -> tuple[str, str]:
    host, slash, rest = name.partition("/")
    told_apart = any(mark in host for mark in ".:") or host == "localhost" or host != host.lower()
    if not slash or not told_apart:
        host, rest = HUB, name
    if host == "index.docker.io":
        host = HUB
    if host == HUB and "/" not in rest:
        rest = f"library/{rest}"
    return host, rest

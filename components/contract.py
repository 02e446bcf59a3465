"""What an image promises and asks, and how that is compared with what it is given."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

T = TypeVar("T")

# What the labels begin with by which an image carries its contract.
LABEL = "org.openvault.contract."

# A label puts it behind the name of a volume that the image works without: "media?=/srv/media".
_SPARE = "?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What an image says of itself by labels; None is what it does not speak of."""

    generation: str | None = None
    port: int | None = None
    required: frozenset[str] | None = None
    optional: frozenset[str] | None = None
    volumes: Mapping[str, str] | None = None
    ready: str | None = None
    alive: str | None = None

    @classmethod
    def parse(cls, labels: Mapping[str, str]) -> Promise | None:
        """Return the promise in *labels*, None without one; a ValueError says what is no label."""
        said = {key.removeprefix(LABEL): at for key, at in labels.items() if key.startswith(LABEL)}
        fields: dict[str, Any] = {key: _promised(key, text) for key, text in said.items()}
        return cls(**fields) if fields else None


def _promised(key: str, text: str) -> object:
    """Return what the label *key* means: a number, names, names and paths, or text."""
    if key == "port" and text.isdecimal():
        return int(text)
    if key in {"required", "optional"}:
        return frozenset(text.split())
    if key == "volumes" and all("=/" in word for word in text.split()):
        return dict(word.split("=", 1) for word in text.split())
    if key == "generation" or (key in {"ready", "alive"} and text.startswith("/")):
        return text
    raise ValueError(f"{LABEL}{key}={text}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """How to ask a container whether it is well: a page, or a command that ends with 0."""

    path: str = ""
    host: str = ""
    command: tuple[str, ...] = ()
    timeout: int = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """Memory and processor time: what is reserved, and the memory that is too much.

    Processor time has no limit: at a quarter of a core the CMS needs 11 seconds to start and
    answers 3 requests a second, while an idle node looks on.
    """

    # Thousandths of a core, and MiB.
    cpu: int
    memory: int
    memory_limit: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """What one image promises to whoever runs it, and asks of them."""

    uid: int
    gid: int
    command: tuple[str, ...] = ()
    port: int | None = None
    # Environment: without the first it does not work; it reads the second; the third are secret.
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    # Folders below / that it writes to and may lose, with the medium they need; and the paths of
    # its volumes, by what they hold.
    scratch: Mapping[str, str] = field(default_factory=dict[str, str])
    volumes: Mapping[str, str] = field(default_factory=dict[str, str])
    # Commands that end well, one after another, before a pod starts.
    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    # What it asks outside the cluster.
    reaches: frozenset[str] = frozenset()
    need: Need
    # Ready: may be sent requests. Alive: need not be restarted; never asks what is behind it.
    ready: Check | None = None
    alive: Check | None = None
    # Makes the command that ends, inside the container, when the server is alive at first.
    waits: Callable[[Contract], tuple[str, ...]] | None = None
    # Seconds between "takes no new requests" and "stop", and until it is stopped the hard way.
    # Where the only pod of a service leaves, it serves all the same until the next one is ready,
    # if it has that long.
    drain: int = 0
    grace: int = 30
    # Seconds it usually takes to start, before which nobody asks; and those it may take at worst
    # until that command has ended.
    start: int = 1
    patience: int = 90

    def environment(self, offered: Mapping[str, T]) -> dict[str, T]:
        """Return all that is *offered*, in order, or refuse what the image does not agree to.

        A name that no image reads never reaches a pod: dead settings look alive for years.
        """
        if wrong := self.disagreements(offered):
            raise ValueError("; ".join(wrong))
        return dict(sorted(offered.items()))

    def disagreements(self, offered: Collection[str], promise: Promise | None = None) -> list[str]:
        """Return what an image would miss, not read or not answer, in words that name it.

        What it promises by itself counts for more than what is known here of its kind.
        """
        said = promise or Promise()
        required = self.required if said.required is None else said.required
        optional = self.optional if said.optional is None else said.optional
        return [
            *_environment_faults(offered, required, optional),
            *self._port_faults(said),
            *self._volume_faults(said),
            *self._probe_faults(said),
        ]

    def _port_faults(self, said: Promise) -> Iterator[str]:
        if None not in (said.port, self.port) and said.port != self.port:
            yield f"port {self.port} would be asked, and the image answers on port {said.port}"

    def _volume_faults(self, said: Promise) -> Iterator[str]:
        spoken = said.volumes or {}
        for content, path in spoken.items():
            if content not in self.volumes and not content.endswith(_SPARE):
                yield f"the image expects a volume {content} at {path}, and gets none"
        for content, path in self.volumes.items():
            place = spoken.get(content) or spoken.get(content + _SPARE)
            wanted = path if said.volumes is None else place
            if wanted != path:
                at = f"expects it at {wanted}" if wanted else "expects none"
                yield f"volume {content} would be at {path}, and the image {at}"

    def _probe_faults(self, said: Promise) -> Iterator[str]:
        asked = {"ready": self.ready, "alive": self.alive}
        for kind, promised in (("ready", said.ready), ("alive", said.alive)):
            check = asked[kind]
            if promised and check and check.path and check.path != promised:
                yield f"whether it is {kind} would be asked at {check.path}, and not {promised}"

    @property
    def reads(self) -> frozenset[str]:
        """Every environment variable that changes what the image does."""
        return self.required | self.optional


def _environment_faults(
    offered: Collection[str], required: frozenset[str], optional: frozenset[str]
) -> Iterator[str]:
    """Yield each variable that is missing or dead, with the one that was meant if one is near."""
    unmet = sorted((required | optional) - set(offered))
    dead = sorted(set(offered) - required - optional)
    for name in sorted(required - set(offered)):
        near = difflib.get_close_matches(name, dead, n=1, cutoff=0.75)
        yield f"the image needs {name}" + (
            f", and is given {near[0]}: is it {name}?" if near else ", which nothing offers"
        )
    for name in dead:
        near = difflib.get_close_matches(name, unmet, n=1, cutoff=0.75)
        yield f"{name} would be given, and the image does not read it" + (
            f": is it {near[0]}?" if near else ""
        )


# The workers that a back end's need is written down for.
WORKERS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """Applications that were made for one another, and what keeps them company."""

    name: str
    # Versions of the back end and the front end that were tried together, without the last number.
    tried: tuple[tuple[str, str], ...]
    database: Contract
    backend: Contract
    migration: Contract
    settings_module: str
    frontend: Contract
    proxy: Contract
    jumpbox: Contract
    # What each worker of the back end takes, and one picture on top, in MiB.
    worker: int
    picture: int
    # How many requests a worker answers at a time; and how many workers a back end has.
    threads: int
    workers: int = WORKERS
    # Work that comes round, and the times of cron at which it usually does.
    reindex: Contract | None = None
    reindex_at: str = ""
    # Services beside the site's own, by their names in the cluster.
    companions: Mapping[str, Contract] = field(default_factory=dict[str, Contract])

    @property
    def concurrency(self) -> int:
        """How many requests one back end answers at a time."""
        return self.workers * self.threads

    def contract(self, service: str) -> Contract:
        """Return the contract of a service, by the name it has in the cluster."""
        return self.companions.get(service) or getattr(self, CONTRACTS[service])

    @property
    def services(self) -> tuple[str, ...]:
        """The names of all that has a contract here."""
        return (*CONTRACTS, *self.companions)

    @property
    def recurring(self) -> tuple[Contract, ...]:
        """The contracts of pods that come and go at their times."""
        return (self.reindex,) if self.reindex else ()

    def tuned(self, needs: Mapping[str, Need], workers: int) -> Generation:
        """Return the same applications with other *needs* and so many *workers* in the back end."""
        tuned = {
            service: replace(self.contract(service), need=need) for service, need in needs.items()
        }
        companions = {name: tuned.pop(name, at) for name, at in self.companions.items()}
        changed = {CONTRACTS[service]: contract for service, contract in tuned.items()}
        backend = changed.get("backend", self.backend)
        command = (*backend.command, f"--workers={workers}")
        changed["backend"] = replace(backend, command=command)
        return replace(self, **changed, workers=workers, companions=companions)

    def crew(self, workers: int) -> Need:
        """Return what the back end needs with so many *workers*."""
        usual = self.backend.need
        more = (workers - WORKERS) * self.worker
        return replace(usual, memory=usual.memory + more, memory_limit=usual.memory_limit + more)


# The contract of each service, by the name the service has in the cluster.
CONTRACTS: Mapping[str, str] = {
    "db": "database",
    "migrate": "migration",
    "ov-wag": "backend",
    "ov-frontend": "frontend",
    "ov-nginx": "proxy",
    "jumpbox": "jumpbox",
}

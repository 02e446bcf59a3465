"""What a picture of a site is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a box stands for."""

    PERSON = "person"
    EDGE = "edge"
    SERVICE = "service"
    JOB = "job"
    VOLUME = "volume"
    OUTSIDE = "outside"

    @property
    def inside(self) -> bool:
        """Whether it is in the namespace of the stack."""
        return self in {Kind.SERVICE, Kind.JOB, Kind.VOLUME}


class State(StrEnum):
    """How something in a cluster is; NONE where no cluster was asked."""

    NONE = ""
    READY = "ready"
    STARTING = "starting"
    FAILING = "failing"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One thing in the picture, what is written in it, and how it is."""

    name: str
    kind: Kind
    title: str
    lines: Sequence[str] = ()
    state: State = State.NONE
    # How it is, in words.
    said: str = ""
    # What somebody sees who points at it: what has no room in the box.
    hint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrow:
    """Who asks whom, or which volume somebody mounts."""

    source: str
    target: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """A whole picture: its title, the same in words, and what the frame around the inside says."""

    title: str
    description: str
    frame: str
    boxes: Sequence[Box] = field(default_factory=list[Box])
    arrows: Sequence[Arrow] = field(default_factory=list[Arrow])

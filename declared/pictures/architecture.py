"""The architecture of a site, read from its objects: who is there, and who may ask whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from declared.pictures.graph import Arrow, Box, Graph, Kind
from declared.pictures.objects import Maker, Namespace, pods
from declared.pictures.policies import STRANGER, Object, guarded

PEOPLE = "people"
EDGE = "edge"
OUTSIDE = "outside"

# What each of the services is to people; one without a word of its own is called by its kind.
ROLES: Mapping[str, str] = {
    "ov-nginx": "proxy, nginx",
    "ov-frontend": "front end, Remix",
    "ov-wag": "back end, Wagtail",
    "db": "database, PostgreSQL",
    "jumpbox": "for operators, optional",
    "migrate": "Job, before a release serves",
    "reindex": "CronJob, fills the search",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What the picture says beyond the objects themselves."""

    title: str
    frame: str
    edge: Sequence[str]


def architecture(
    site: Namespace,
    words: Words,
    service: Callable[[Maker], Box] | None = None,
    volume: Callable[[Object], Box] | None = None,
) -> Graph:
    """Return the picture of a site; *service* and *volume* draw what is in the namespace."""
    boxes = [
        *_entrance(site, words),
        *map(service or declared_service, site.makers),
        *map(volume or declared_volume, site.all("PersistentVolumeClaim")),
    ]
    arrows = [*_asked(site), *_mounted(site)]
    if any(arrow.target == OUTSIDE for arrow in arrows):
        boxes.append(Box(name=OUTSIDE, kind=Kind.OUTSIDE, title="outside the cluster"))
    return Graph(
        title=words.title,
        description=described(boxes, arrows),
        frame=words.frame,
        boxes=boxes,
        arrows=arrows,
    )


def declared_service(maker: Maker) -> Box:
    """Return the box of what makes pods, as it is meant."""
    job = maker.kind in {"Job", "CronJob"}
    return Box(
        name=maker.name,
        kind=Kind.JOB if job else Kind.SERVICE,
        title=maker.name,
        lines=[role(maker)],
    )


def role(maker: Maker) -> str:
    """Return what somebody is to people."""
    return ROLES.get(maker.name, maker.kind)


def declared_volume(claim: Object) -> Box:
    """Return the box of a volume, as it is meant."""
    name = claim["metadata"]["name"]
    return Box(name=f"volume {name}", kind=Kind.VOLUME, title=name, lines=["volume"])


def described(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """Return a picture in words, for whoever does not see it."""
    titles = {box.name: box.title for box in boxes}
    states = [f"{box.title}: {box.said}" for box in boxes if box.said]
    said = [
        f"{titles[each.source]} to {titles[each.target]} ({each.label})"
        for each in arrows
        if {each.source, each.target} <= titles.keys()
    ]
    return ". ".join([*states, f"Arrows: {'; '.join(said) or 'none'}"]) + "."


def _entrance(site: Namespace, words: Words) -> list[Box]:
    if not site.all("Ingress"):
        return []
    return [
        Box(name=PEOPLE, kind=Kind.PERSON, title="visitors and editors"),
        Box(name=EDGE, kind=Kind.EDGE, title="edge", lines=words.edge),
    ]


def _asked(site: Namespace) -> Iterator[Arrow]:
    if site.all("Ingress"):
        schemes = {"https" if each["spec"].get("tls") else "http" for each in site.all("Ingress")}
        yield Arrow(source=PEOPLE, target=EDGE, label=", ".join(sorted(schemes)))
    labels: dict[tuple[str, str], list[str]] = {}
    for way in site.ways:
        source, target = way.source or EDGE, way.target or OUTSIDE
        # Whoever may come in from outside comes by the edge, if that leads there.
        if way.source != STRANGER or target in site.entrances:
            labels.setdefault((source, target), []).append(str(way.port or "any port"))
    for (source, target), ports in labels.items():
        yield Arrow(source=source, target=target, label=", ".join(ports))


def _mounted(site: Namespace) -> Iterator[Arrow]:
    for maker in site.makers:
        for claim, writes in maker.mounts.items():
            label = "writes" if writes else "reads"
            yield Arrow(source=maker.name, target=f"volume {claim}", label=label)


def unguarded(site: Namespace) -> list[str]:
    """Return who listens and is kept from nobody, not even from other namespaces."""
    policies = site.all("NetworkPolicy")
    return [each.name for each in site.makers if each.ports and not guarded(policies, pods(each))]

"""The way of a request, followed from object to object as their settings lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from declared.pictures.architecture import role
from declared.pictures.objects import Maker, Namespace
from declared.pictures.policies import STRANGER

BROWSER = "browser"
EDGE = "edge"

# Which variable of somebody's says where the next one on the way is.
_SITE = "FRONTEND"
_ADMIN = "BACKEND"
_API = "OV_API_URL"
_DATABASE = "OV_DB_HOST"

# What a back end of 1.x has elsewhere: the variable that says so, and what people call it.
_BUCKET = "AWS_STORAGE_BUCKET_NAME"
_SEARCH = "ES_URL"
_SIGN_ON = "AUTH0_URL"


class CutError(Exception):
    """The way ends: a setting leads nowhere, or the network lets nobody through."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Who says what to whom, and whether that is the answer to something."""

    source: str
    target: str
    text: str
    answer: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """What happens between the moment somebody wants something and the moment it is there."""

    title: str
    messages: Sequence[Message]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Everybody on the way, in its order, each with what it is to people; and what they say."""

    title: str
    actors: Sequence[tuple[str, str]]
    scenes: Sequence[Scene]

    @property
    def description(self) -> str:
        """The same in words."""
        said = [
            f"{scene.title}: "
            + "; ".join(f"{at.source} to {at.target}: {at.text}" for at in scene.messages)
            for scene in self.scenes
        ]
        return ". ".join(said) + "."


@dataclass(frozen=True, kw_only=True, slots=True)
class _Way:
    """Those on the way, each found by what the one before it is set to."""

    site: Namespace
    proxy: Maker
    frontend: Maker
    backend: Maker
    database: Maker

    @classmethod
    def found(cls, site: Namespace) -> _Way:
        proxy = next((each for each in site.makers if each.name in site.entrances), None)
        if proxy is None:
            raise CutError("no Ingress leads to anybody")
        frontend = _next(site, proxy, _SITE)
        backend = _next(site, frontend, _API)
        if _next(site, proxy, _ADMIN).name != backend.name:
            raise CutError("the admin is at another back end than the site's")
        database = _next(site, backend, _DATABASE)
        return cls(site=site, proxy=proxy, frontend=frontend, backend=backend, database=database)

    def asks(self, source: Maker | None, target: Maker, text: str) -> Message:
        """Return what one says to another, at the port where the network lets it through."""
        name = source.name if source else STRANGER
        ports = [
            each.port
            for each in self.site.ways
            if (each.source, each.target) == (name, target.name)
        ]
        if not ports:
            raise CutError(f"the network lets nothing from {name or EDGE} to {target.name}")
        return Message(source=name or EDGE, target=target.name, text=f"{text} :{ports[0]}")


def request(site: Namespace, title: str) -> Request:
    """Return the way of a request through *site*; a CutError says where there is none."""
    way = _Way.found(site)
    scenes = [_page(way), *_files(way), *_search(way), _editing(way)]
    elsewhere = [
        name
        for variable, name in ((_BUCKET, "bucket"), (_SEARCH, "search"), (_SIGN_ON, "sign-on"))
        if variable in way.backend.environment
    ]
    actors = [
        (BROWSER, "visitors, editors"),
        (EDGE, "Ingress, TLS"),
        *((each.name, role(each)) for each in (way.proxy, way.frontend, way.backend, way.database)),
        *([(volumes, "volumes")] if (volumes := _volumes(way)) else []),
        *((name, "outside") for name in elsewhere),
    ]
    return Request(title=title, actors=actors, scenes=scenes)


def _next(site: Namespace, asker: Maker, variable: str) -> Maker:
    """Return who answers where a variable of *asker*'s points to."""
    said = asker.environment.get(variable, "")
    host = urlsplit(said if "//" in said else f"//{said}").hostname or ""
    found = site.behind(host)
    if found is None:
        raise CutError(f"{asker.name}: nobody answers to {variable}={said}")
    return found


def _shared(way: _Way) -> list[str]:
    """Return the volumes that the back end fills and the proxy reads."""
    filled = [claim for claim, writes in way.backend.mounts.items() if writes]
    return [claim for claim in filled if way.proxy.mounts.get(claim) is False]


def _volumes(way: _Way) -> str:
    """Return those volumes as one that is spoken to; "" if there are none."""
    return ", ".join(_shared(way))


def _page(way: _Way) -> Scene:
    return Scene(
        title="A visitor opens an exhibit",
        messages=_there_and_back(
            [
                (Message(source=BROWSER, target=EDGE, text="GET /exhibits/… https"), "page"),
                (way.asks(None, way.proxy, "host of the site"), "page"),
                (way.asks(way.proxy, way.frontend, "GET /exhibits/…"), "HTML"),
                (way.asks(way.frontend, way.backend, "GET /api/v2/pages/…"), "JSON"),
                (way.asks(way.backend, way.database, "SQL"), "rows"),
            ]
        ),
    )


def _there_and_back(asked: Sequence[tuple[Message, str]]) -> list[Message]:
    """Return questions, each with what is answered to it, and then the answers, the last first."""
    answers = [
        Message(source=said.target, target=said.source, text=text, answer=True)
        for said, text in reversed(asked)
    ]
    return [*(said for said, _ in asked), *answers]


def _files(way: _Way) -> Iterator[Scene]:
    if shared := _shared(way):
        names = " ".join(f"/{claim.removeprefix('ov-')}/…" for claim in shared)
        yield Scene(
            title="Style sheets and pictures: the proxy's own work",
            messages=_there_and_back(
                [
                    (Message(source=BROWSER, target=EDGE, text=f"GET {names}"), "file"),
                    (way.asks(None, way.proxy, "either host"), "file"),
                    (
                        Message(source=way.proxy.name, target=_volumes(way), text="reads"),
                        "bytes",
                    ),
                ]
            ),
        )
    if _BUCKET in way.backend.environment:
        yield Scene(
            title="Style sheets and pictures: straight from the bucket",
            messages=_there_and_back(
                [(Message(source=BROWSER, target="bucket", text="GET static/… media/…"), "file")]
            ),
        )


def _search(way: _Way) -> Iterator[Scene]:
    if _SEARCH in way.frontend.environment:
        yield Scene(
            title="A visitor searches: the browser asks by itself",
            messages=_there_and_back(
                [(Message(source=BROWSER, target="search", text="words, browser's key"), "hits")]
            ),
        )


def _editing(way: _Way) -> Scene:
    there = [
        (Message(source=BROWSER, target=EDGE, text="/admin/ https"), "page of the CMS"),
        (way.asks(None, way.proxy, "host of the admin"), "page"),
        (way.asks(way.proxy, way.backend, "/admin/"), "HTML"),
    ]
    back = _there_and_back(there)
    name = way.backend.name
    inner = [*_there_and_back([(way.asks(way.backend, way.database, "SQL"), "rows")])]
    environment = way.backend.environment
    if _SIGN_ON in environment:
        inner.insert(0, Message(source=name, target="sign-on", text="who is it?"))
    stored = [_volumes(way), "bucket" if _BUCKET in environment else ""]
    inner += [Message(source=name, target=at, text="writes uploads") for at in stored if at]
    if _SEARCH in environment:
        inner.append(Message(source=name, target="search", text="indexes the page"))
    return Scene(
        title="An editor logs in, uploads a picture, publishes a page",
        messages=[*back[: len(there)], *inner, *back[len(there) :]],
    )

"""What a registry says about an image, by the HTTP API that all of them speak."""

from __future__ import annotations

import difflib
import hashlib
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import httpx

from components.reference import Reference
from operations import credentials, names
from operations.authentication import REFUSALS, RegistryAuth, TokenError
from operations.credentials import Credentials
from operations.errors import Exit, Refused

_KINDS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_TIMEOUT = httpx.Timeout(15, connect=5)
# Docker Hub gives a hundred tags at a time; what is older than two thousand is not a typo's aim.
_PAGES = 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """The list of an image's parts, or of one image per platform."""

    digest: str
    content: Mapping[str, Any]

    @property
    def images(self) -> list[dict[str, Any]] | None:
        """The image of each platform, when this is a list; without notes on how it was built."""
        if "manifests" not in self.content:
            return None
        entries = cast("list[dict[str, Any]]", self.content["manifests"])
        return [entry for entry in entries if platform(entry.get("platform") or {})]


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """How registries are reached: who asks, whose certificates are trusted, and by which wire."""

    credentials: Credentials | None = None
    ca: Path | None = None
    # Tests answer in place of a network.
    transport: httpx.BaseTransport | None = None

    def open(self, reference: Reference) -> Registry:
        """Return the registry that holds an image; nothing is asked yet."""
        name = names.registry(reference)
        known = self.credentials or credentials.stored(name)
        plain = self.ca is None and names.speaks_plainly(name)
        client = httpx.Client(
            base_url=f"{'http' if plain else 'https'}://{names.host(name)}/v2/",
            auth=RegistryAuth(known),
            timeout=_TIMEOUT,
            follow_redirects=True,
            transport=self.transport,
            verify=_trust(self.ca),
            # No proxy stands between a machine and itself.
            trust_env=not plain,
            event_hooks={"request": [_encrypted]},
        )
        return Registry(client, reference, known)


class Registry:
    """The registry that holds one image, as seen by one person."""

    def __init__(
        self, client: httpx.Client, reference: Reference, known: Credentials | None
    ) -> None:
        self._client = client
        self._known = known
        self.reference = reference
        self._name = names.registry(reference)
        self._path = names.path(reference)

    def digest(self, reference: str) -> str:
        """Return the digest a tag has now; Docker Hub does not count this against its limit."""
        answer = self._ask(f"{self._path}/manifests/{reference}", method="HEAD")
        said = answer.headers.get("Docker-Content-Digest", "")
        return said if answer.is_success and said else self.manifest(reference).digest

    def manifest(self, reference: str) -> Manifest:
        """Return what a tag or a digest names."""
        answer = self._ask(f"{self._path}/manifests/{reference}")
        self._judge(answer, reference)
        digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        promised = reference if ":" in reference else answer.headers.get("Docker-Content-Digest")
        if promised and promised != digest:
            raise self._damaged(f"it is {digest}, and should be {promised}")
        content = self._json(answer)
        if not {"manifests", "config"} & content.keys():
            raise Refused(
                Exit.UNFIT,
                f"{self._spelled(reference)} is no image that a node can run",
                f"the registry describes it as {answer.headers.get('Content-Type', 'nothing')}",
                "Push it again with a Docker of this decade, or name another tag",
            )
        return Manifest(digest, content)

    def configuration(self, manifest: Manifest) -> Mapping[str, Any]:
        """Return what an image says of itself: platform, date, labels."""
        described = manifest.content.get("config")
        if described is None:
            # A list in a list says nothing of itself.
            return {}
        digest = str(described["digest"])
        answer = self._ask(f"{self._path}/blobs/{digest}")
        self._judge(answer, digest)
        return self._json(answer)

    def tags(self) -> list[str]:
        """Return the repository's tags, or refuse if there is no such repository."""
        return [tag for page in self._pages() for tag in page]

    def _pages(self) -> Iterator[list[str]]:
        place = f"{self._path}/tags/list?n=1000"
        for _ in range(_PAGES):
            answer = self._ask(place)
            if answer.status_code == HTTPStatus.NOT_FOUND:
                raise self._no_repository()
            self._judge(answer, "tags")
            yield cast("list[str]", self._json(answer).get("tags") or [])
            following = answer.links.get("next", {}).get("url")
            if not following:
                return
            place = str(answer.url.join(following))

    def _ask(self, place: str, method: str = "GET") -> httpx.Response:
        try:
            return self._client.request(method, place, headers={"Accept": ", ".join(_KINDS)})
        except TokenError as error:
            self._judge(error.response, "")
            raise self._ill("its service for tokens gave none") from error
        except httpx.TimeoutException as error:
            raise self._unreachable("it did not answer in time") from error
        except httpx.TransportError as error:
            trouble = _tls_trouble(error)
            if trouble:
                raise self._untrusted(trouble) from error
            raise self._unreachable(_network_trouble(error)) from error
        except httpx.RequestError as error:
            raise self._ill(str(error) or type(error).__name__) from error

    def _judge(self, answer: httpx.Response, reference: str) -> None:
        """Refuse every answer that is not the one asked for, in words for a person."""
        status = answer.status_code
        if answer.is_success:
            return
        if status == HTTPStatus.NOT_FOUND and reference and _errors(answer):
            raise self._no_such(reference)
        if status in REFUSALS:
            raise self._unauthorized(answer)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise self._too_many(answer)
        raise self._ill(f"it answered {status} {answer.reason_phrase}".strip())

    def _no_such(self, reference: str) -> Refused:
        kind = "digest" if ":" in reference else "tag"
        try:
            tags = self.tags()
            do = "It has no tags at all: push the image first"
        except Refused as refused:
            if refused.code is Exit.MISSING:
                return refused
            tags, do = [], "Check the spelling; this registry does not list its tags"
        near = difflib.get_close_matches(reference, tags, n=5, cutoff=0.4) or tags[-5:]
        if near:
            do = f"Tags there are: {', '.join(near)}. Type the same with one of them"
        why = f"the repository is there, without this {kind}"
        return Refused(Exit.MISSING, f"There is no {self._spelled(reference)}", why, do)

    def _no_repository(self) -> Refused:
        return Refused(
            Exit.MISSING,
            f"There is no repository {self.reference.repository}",
            f"{self._name} knows none of this name"
            + ("" if self._known else ", or shows it only to those it knows"),
            f"Check the spelling; if it is private, type: docker login {self._name}",
        )

    def _unauthorized(self, answer: httpx.Response) -> Refused:
        what = f"{self._name} does not show {self.reference.repository}"
        login = f"docker login {self._name}"
        if self._known is None:
            return Refused(
                Exit.UNAUTHORIZED,
                what,
                f"it is private, or does not exist; registries do not say which. No credentials "
                f"for {self._name} were given, and {credentials.place()} has none",
                f"Check the spelling, then type: {login}    (or the same with --username NAME)",
            )
        said = "; ".join(_errors(answer)) or f"{answer.status_code} {answer.reason_phrase}"
        who = self._known.username if self._known.username != "<token>" else "the stored token"
        return Refused(
            Exit.UNAUTHORIZED,
            what,
            f"it refused {who or 'the stored token'}: {said}. The password may be wrong or "
            "expired, the repository misspelled, or not shared with this user",
            f"Type: {login}    (or the same with --username NAME)",
        )

    def _too_many(self, answer: httpx.Response) -> Refused:
        wait = answer.headers.get("Retry-After", "")
        when = f"in {wait} seconds" if wait.isdecimal() else "in some hours"
        who = "this user" if self._known else "everybody who asks without a name from this address"
        return Refused(
            Exit.RATE_LIMIT,
            f"{self._name} has answered too often",
            f"it limits how much {who} may ask (429)",
            f"Type the same again {when}"
            + ("" if self._known else f", or now after: docker login {self._name}"),
        )

    def _unreachable(self, why: str) -> Refused:
        return Refused(
            Exit.UNREACHABLE,
            f"The registry {self._name} cannot be reached",
            why,
            f"Check the name and the network: curl -I {self._client.base_url}",
        )

    def _untrusted(self, why: str) -> Refused:
        return Refused(
            Exit.UNREACHABLE,
            f"The registry {self._name} has no certificate this machine trusts",
            why,
            "If it is a registry of your own, type the same with --ca FILE (its authority's "
            "certificate)",
        )

    def _ill(self, why: str) -> Refused:
        return Refused(
            Exit.UNREACHABLE,
            f"{self._name} does not answer as a registry does",
            why,
            "Check the name; if it is right, the registry has trouble: try again later",
        )

    def _damaged(self, why: str) -> Refused:
        return Refused(
            Exit.UNREACHABLE,
            f"{self.reference} arrived damaged",
            why,
            "Type the same again; if it stays so, do not use this image, and tell who runs "
            f"{self._name}",
        )

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            content: object = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise self._ill("what it sent is no JSON object")
        return cast("dict[str, Any]", content)

    def _spelled(self, reference: str) -> str:
        return f"{self.reference.repository}{'@' if ':' in reference else ':'}{reference}"


@cache
def _trust(ca: Path | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    if ca:
        try:
            context.load_verify_locations(ca)
        except OSError as error:
            raise Refused(
                Exit.USAGE,
                f"{ca} holds no certificate",
                error.strerror or str(error),
                "Name a file in PEM format: it has a line BEGIN CERTIFICATE",
            ) from error
    return context


def platform(description: Mapping[str, Any]) -> str:
    """Return os/architecture[/variant]; nothing for what is not made for any machine."""
    parts = [description.get(part) for part in ("os", "architecture", "variant")]
    if not all(parts[:2]) or "unknown" in parts:
        return ""
    return "/".join(str(part) for part in parts if part)


def _errors(answer: httpx.Response) -> list[str]:
    """Return what a registry says is wrong; nothing if it does not speak as one."""
    try:
        content: object = answer.json()
    except (ValueError, httpx.ResponseNotRead):
        return []
    if not isinstance(content, dict):
        return []
    said = cast("dict[str, Any]", content)
    listed = said.get("errors") or [{"message": said.get("details") or said.get("message")}]
    if not isinstance(listed, list):
        return []
    entries = [cast("dict[str, Any]", e) for e in cast("list[Any]", listed) if isinstance(e, dict)]
    return [str(word) for e in entries if (word := e.get("message") or e.get("code"))]


def _tls_trouble(error: BaseException | None) -> str:
    """Return what was wrong with a certificate or a handshake, if that is what was wrong."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return f"no encrypted connection came about: {_network_trouble(error)}"
        error = error.__cause__ or error.__context__
    return ""


def _network_trouble(error: BaseException) -> str:
    """Return what was wrong on the way, without the system's number for it."""
    text = re.sub(r"^\[[^]]*\] | \(_ssl.*", "", str(error)) or type(error).__name__
    return text[:1].lower() + text[1:]


def _encrypted(request: httpx.Request) -> None:
    """Let nothing leave this machine in clear, wherever a registry redirects or gives tokens."""
    if request.url.scheme != "https" and not names.speaks_plainly(request.url.netloc.decode()):
        raise Refused(
            Exit.UNREACHABLE,
            f"The registry sends this machine to {request.url.scheme}://{request.url.host}",
            "that is not encrypted, so nothing was sent there",
            "Tell who runs the registry",
        )

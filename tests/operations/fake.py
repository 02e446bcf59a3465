"""Registries that exist in memory, and ask for names as the real ones do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httpx

from tests.operations.parts import Content

PASSWORD = "open sesame"
USER = "archivist"
TOKEN = "t0ken"
IDENTITY = "identity-t0ken"

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass(slots=True)
class FakeRegistry:
    """One registry; `wants` is "", "basic", "bearer", or "open bearer", which gives all a token."""

    host: str = "registry.example.org"
    wants: str = ""
    realm: str = "https://auth.example.org/token"
    contents: dict[tuple[str, str], Content] = field(default_factory=dict[tuple[str, str], Content])
    asked: list[httpx.Request] = field(default_factory=list[httpx.Request])
    # Answers that come before all others, by path.
    instead: dict[str, Answer] = field(default_factory=dict[str, Answer])
    page: int = 1000

    def push(self, repository: str, tag: str, *parts: Content) -> str:
        """Store an image with its parts, the manifest last; return its digest."""
        for part in parts:
            self.contents[repository, part.digest] = part
        if tag:
            self.contents[repository, tag] = parts[-1]
        return parts[-1].digest

    @property
    def transport(self) -> httpx.MockTransport:
        """The network in which only this registry is."""
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as a registry does."""
        self.asked.append(request)
        if request.url.path in self.instead:
            return self.instead[request.url.path](request)
        if request.url == httpx.URL(self.realm).copy_with(query=request.url.query or None):
            return self._token(request)
        if request.url.host != self.host.partition(":")[0]:
            raise httpx.ConnectError("[Errno -2] Name or service not known", request=request)
        if not self._admits(request):
            return self._challenge(request)
        return self._content(request)

    def _admits(self, request: httpx.Request) -> bool:
        said = request.headers.get("Authorization", "")
        return said == {"": said, "basic": _basic()}.get(self.wants, f"Bearer {TOKEN}")

    def _challenge(self, request: httpx.Request) -> httpx.Response:
        repository = request.url.path.removeprefix("/v2/").partition("/manifests/")[0]
        said = 'Basic realm="here"'
        if self.wants != "basic":
            scope = f"repository:{repository}:pull"
            said = f'Bearer realm="{self.realm}",service="{self.host}",scope="{scope}"'
        return _error(401, "UNAUTHORIZED", "authentication required", {"WWW-Authenticate": said})

    def _token(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            sent = parse_qs(request.content.decode())
            if sent.get("refresh_token") != [IDENTITY] or "scope" not in sent:
                return _error(401, "UNAUTHORIZED", "invalid refresh token")
            return httpx.Response(200, json={"access_token": TOKEN})
        said = request.headers.get("Authorization")
        if said not in {None, _basic()}:
            return httpx.Response(401, json={"details": "incorrect username or password"})
        # Docker Hub gives a token to anybody; what it opens is another matter.
        opens = said or self.wants.startswith("open")
        return httpx.Response(200, json={"token": TOKEN if opens else "opens-nothing"})

    def _content(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v2/")
        for middle in ("/manifests/", "/blobs/"):
            repository, found, reference = path.partition(middle)
            if found:
                part = self.contents.get((repository, reference))
                if part is None:
                    return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
                headers = {"Docker-Content-Digest": part.digest, "Content-Type": part.kind}
                body = b"" if request.method == "HEAD" else part.data
                return httpx.Response(200, content=body, headers=headers)
        return self._tags(path.removesuffix("/tags/list"), request)

    def _tags(self, repository: str, request: httpx.Request) -> httpx.Response:
        tags = sorted(r for n, r in self.contents if n == repository and ":" not in r)
        if not any(name == repository for name, _ in self.contents):
            return _error(404, "NAME_UNKNOWN", "repository name not known to registry")
        last = request.url.params.get("last", "")
        rest = [tag for tag in tags if tag > last]
        headers = dict[str, str]()
        if len(rest) > self.page:
            rest = rest[: self.page]
            headers["Link"] = f'</v2/{repository}/tags/list?last={rest[-1]}>; rel="next"'
        return httpx.Response(200, json={"name": repository, "tags": rest}, headers=headers)


def _basic() -> str:
    return f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"


def _error(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    body = json.dumps({"errors": [{"code": code, "message": message}]})
    return httpx.Response(status, content=body, headers=headers)

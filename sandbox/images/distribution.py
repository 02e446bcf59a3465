"""A registry's side of images: what it has, what it gets, what it gives."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx

from sandbox.errors import Refusal
from sandbox.images.image import CONFIG, MANIFEST, Blob, Image, digest_of


@dataclass(slots=True)
class Registry:
    """The sandbox's registry, spoken to without a Docker daemon."""

    address: str
    _client: httpx.Client = field(init=False)
    # Where a part was put before: the registry copies it from there by itself.
    _known: dict[str, str] = field(init=False, default_factory=dict[str, str])

    def __post_init__(self) -> None:
        # No proxy of the machine stands between it and its own sandbox.
        self._client = httpx.Client(
            base_url=f"http://{self.address}/v2/", timeout=60, trust_env=False
        )

    def digest(self, repository: str, reference: str) -> str | None:
        """Return the digest of an image by tag or digest, None where there is none."""
        answer = self._ask("HEAD", f"{repository}/manifests/{reference}")
        return answer.headers["Docker-Content-Digest"] if answer.is_success else None

    def push(self, image: Image, repository: str, tag: str) -> str:
        """Bring an image under a tag, and return its reference by tag and digest."""
        if self.digest(repository, tag) != image.digest:
            for blob in (*image.layers, image.config):
                self._push(repository, blob, image.path(blob.digest))
            self._ask(
                "PUT",
                f"{repository}/manifests/{tag}",
                content=image.manifest,
                headers={"Content-Type": MANIFEST},
            ).raise_for_status()
        return f"{self.address}/{repository}:{tag}@{image.digest}"

    def pull(self, repository: str, reference: str, folder: Path) -> Image:
        """Keep an image of the registry in *folder*."""
        image = Image(folder)
        (folder / "blobs").mkdir(parents=True)
        answer = self._ask("GET", f"{repository}/manifests/{reference}")
        answer.raise_for_status()
        manifest = folder / "manifest.json"
        manifest.write_bytes(answer.content)
        if json.loads(answer.content)["config"]["mediaType"] != CONFIG:
            raise LookupError(f"{repository}:{reference} is no image")
        for blob in (*image.layers, image.config):
            content = self._ask("GET", f"{repository}/blobs/{blob.digest}")
            content.raise_for_status()
            if digest_of(content.content) != blob.digest:
                raise LookupError(f"{repository}:{reference} arrived damaged")
            image.path(blob.digest).write_bytes(content.content)
        return image

    def _push(self, repository: str, blob: Blob, path: Path) -> None:
        if self._ask("HEAD", f"{repository}/blobs/{blob.digest}").is_success:
            self._known[blob.digest] = repository
            return
        ask: dict[str, str] = {}
        if blob.digest in self._known:
            ask = {"mount": blob.digest, "from": self._known[blob.digest]}
        started = self._ask("POST", f"{repository}/blobs/uploads/", params=ask)
        started.raise_for_status()
        # Otherwise the registry had it elsewhere and needs nothing from us.
        if started.status_code == HTTPStatus.ACCEPTED:
            self._ask(
                "PUT",
                started.headers["Location"],
                params={"digest": blob.digest},
                content=path.read_bytes(),
                headers={"Content-Type": "application/octet-stream"},
            ).raise_for_status()
        self._known[blob.digest] = repository

    def _ask(
        self,
        method: str,
        place: str,
        *,
        params: dict[str, str] | None = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        # An upload's address brings parameters of its own.
        url = httpx.URL(place).copy_merge_params(params or {})
        try:
            return self._client.request(
                method,
                url,
                content=content,
                headers={"Accept": MANIFEST, **(headers or {})},
                follow_redirects=True,
            )
        except httpx.TransportError as error:
            raise Refusal(
                f"the registry {self.address} does not answer",
                str(error) or type(error).__name__,
                "`make up` starts it again",
            ) from error

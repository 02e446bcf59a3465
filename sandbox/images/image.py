"""Images as folders of the cache: a manifest and the blobs it names."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sandbox.images.layer import Layer, Look, pack

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

Config = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Blob:
    """What a manifest says about one of its parts."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Image:
    """An image in the cache."""

    folder: Path

    @property
    def manifest(self) -> bytes:
        """The manifest, byte for byte as every registry gets it."""
        return (self.folder / "manifest.json").read_bytes()

    @property
    def digest(self) -> str:
        """The digest by which the image is deployed: the same in every registry."""
        return digest_of(self.manifest)

    @property
    def config(self) -> Blob:
        """The part that says how a container of this image starts."""
        return _blob(json.loads(self.manifest)["config"])

    @property
    def layers(self) -> list[Blob]:
        """The file systems, lowest first."""
        return [_blob(layer) for layer in json.loads(self.manifest)["layers"]]

    def path(self, digest: str) -> Path:
        """Return the file that holds a part."""
        return self.folder / "blobs" / digest.replace(":", "-")


def digest_of(content: bytes) -> str:
    """Return the digest of *content* as registries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def write(
    folder: Path, root: Path, config: Config, parent: Image | None, before: Mapping[str, Look]
) -> Image:
    """Make *root* an image in *folder*: the layers of *parent*, and one of what changed since."""
    image = Image(folder)
    (folder / "blobs").mkdir(parents=True)
    raw = folder / "blobs" / "layer"
    own = pack(root, raw, before)
    raw.rename(image.path(own.digest))
    below: list[Layer] = []
    if parent is not None:
        diffs = json.loads(parent.path(parent.config.digest).read_bytes())["rootfs"]["diff_ids"]
        for blob, unpacked in zip(parent.layers, diffs, strict=True):
            os.link(parent.path(blob.digest), image.path(blob.digest))
            below.append(Layer(blob.digest, blob.size, unpacked))
    _describe(image, config, [*below, own])
    return image


def _describe(image: Image, config: Config, layers: Sequence[Layer]) -> None:
    description = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [layer.unpacked for layer in layers]},
        }
    )
    digest = digest_of(description)
    image.path(digest).write_bytes(description)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest, "size": len(description)},
        "layers": [
            {"mediaType": LAYER, "digest": layer.digest, "size": layer.size} for layer in layers
        ],
    }
    (image.folder / "manifest.json").write_bytes(_json(manifest))


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _blob(entry: Any) -> Blob:  # noqa: ANN401, JSON
    part = cast("Mapping[str, Any]", entry)
    return Blob(digest=part["digest"], size=part["size"])

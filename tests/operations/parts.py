"""Images that are small enough to read, as a registry stores them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

OCI_LIST = "application/vnd.oci.image.index.v1+json"
OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes, what they are, and what they are known by."""

    data: bytes
    kind: str

    @property
    def digest(self) -> str:
        """The name of these bytes."""
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"

    @property
    def descriptor(self) -> dict[str, Any]:
        """How another document points to these bytes."""
        return {"mediaType": self.kind, "digest": self.digest, "size": len(self.data)}


def content(document: object, kind: str) -> Content:
    """Return a JSON document as bytes."""
    return Content(json.dumps(document).encode(), kind)


def config(label: str, platform: str = "linux/amd64", created: str = "", **labels: str) -> Content:
    """Return the part that says what an image is; another *label* makes another image."""
    system, _, architecture = platform.partition("/")
    document: dict[str, Any] = {
        "os": system,
        "architecture": architecture,
        "config": {
            "Labels": {"label": label}
            | {f"org.openvault.contract.{name}": text for name, text in labels.items()}
        },
        "rootfs": {"type": "layers", "diff_ids": []},
    }
    if created:
        document["created"] = created
    return content(document, OCI_CONFIG)


def image(of: Content) -> Content:
    """Return the manifest of an image without layers."""
    none: list[object] = []
    document = {"schemaVersion": 2, "mediaType": OCI_IMAGE, "config": of.descriptor, "layers": none}
    return content(document, OCI_IMAGE)


def listing(images: dict[str, Content], kind: str = OCI_LIST) -> Content:
    """Return a list of one image per platform, with a note on the build, as BuildKit adds."""
    entries = [
        {
            **manifest.descriptor,
            "platform": dict(zip(("os", "architecture", "variant"), name.split("/"), strict=False)),
        }
        for name, manifest in images.items()
    ]
    return content({"schemaVersion": 2, "mediaType": kind, "manifests": entries}, kind)

"""The Pulumi project of a sandbox: the checkout's program with the sandbox's own settings.

The folder holds a copy of Pulumi.yaml whose `main` is the checkout, and a stack file that has
what the committed one chooses, with addresses, images and secrets of this sandbox. The checkout
itself stays as it is.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from components.roster import companions, setting
from sandbox import files, keys
from sandbox.instance import CHECKOUT, Instance
from sandbox.rancher import accounts

PROJECT = "openvault"
STACK = "ov-demo"
ADMIN = "admin"

# Setting → the file that holds its value, and the bytes of chance in it.
SECRETS = {
    "databasePassword": ("database-password", 24),
    "secretKey": ("secret-key", 48),
    "adminPassword": ("admin-password", 18),
    # Rancher's, which makes it.
    "rancherToken": ("rancher-admin-token", 0),
}

# What the committed file knows of images and registries that are not the sandbox's.
_OF_OTHER_REGISTRIES = (
    "registries",
    "backendContract",
    "databaseContract",
    "frontendContract",
    "jumpboxContract",
    "proxyContract",
    # A service beside the site's own is not run here until somebody chooses an image that is here.
    *(f"{setting(name)}{kind}" for name in companions() for kind in ("Image", "Build", "Contract")),
)

HEADER = "# Made by `make up` from the checkout's {name}, which is the one to change.\n"


def site_url(instance: Instance, stack: str = STACK) -> str:
    """Return the public address of the site."""
    return instance.url(f"{stack}.localhost")


def admin_url(instance: Instance, stack: str = STACK) -> str:
    """Return the public address of the CMS."""
    return instance.url(f"admin.{stack}.localhost")


def admin_password(instance: Instance) -> Path:
    """Return the file with the first administrator's password."""
    return instance.secrets / SECRETS["adminPassword"][0]


def passphrase(instance: Instance) -> Path:
    """Return the file with which Pulumi seals the secrets in its files."""
    return instance.secrets / "passphrase"


def make_secrets(instance: Instance) -> None:
    """Make the secrets that this installation has not yet; those it has stay."""
    own = {name: size for name, size in SECRETS.values() if size}
    keys.make(instance, {passphrase(instance).name: 24, **own})


def write_project(instance: Instance) -> None:
    """Write the project file."""
    project = _read(CHECKOUT / "Pulumi.yaml")
    project["main"] = str(CHECKOUT)
    project["runtime"] = {"name": "python", "options": {"virtualenv": sys.prefix}}
    _write(instance.stacks / "Pulumi.yaml", project)


def write_stack(
    instance: Instance,
    images: Mapping[str, str],
    stack: str = STACK,
    *,
    choices: Mapping[str, Any] | None = None,
    secrets: Collection[str] = tuple(SECRETS),
) -> list[str]:
    """Write the stack's file, with further *choices*; return those of its *secrets* it lacks."""
    own = instance.stacks / f"Pulumi.{stack}.yaml"
    settings = _read(CHECKOUT / own.name)
    before = _kept(own)
    sealed: dict[str, Any] = before.get("config") or {}
    config: dict[str, Any] = settings.setdefault("config", {})
    for key in _OF_OTHER_REGISTRIES:
        config.pop(f"{PROJECT}:{key}", None)
    for key, value in {**_choices(instance, images, stack), **(choices or {})}.items():
        config[f"{PROJECT}:{key}"] = value
    lacking: list[str] = []
    for key in secrets:
        name = f"{PROJECT}:{key}"
        if name in sealed:
            config[name] = sealed[name]
        else:
            lacking.append(key)
    if "encryptionsalt" in before:
        settings["encryptionsalt"] = before["encryptionsalt"]
    _write(own, settings)
    return lacking


def follow(instance: Instance, images: Mapping[str, str]) -> None:
    """Take over what was changed in the checkout since `up`.

    What was chosen here by `pulumi config set` stays, unless the committed file is newer.
    """
    write_project(instance)
    own = instance.stacks / f"Pulumi.{STACK}.yaml"
    if own.exists() and own.stat().st_mtime < (CHECKOUT / own.name).stat().st_mtime:
        write_stack(instance, images)
        own.touch()


def _choices(instance: Instance, images: Mapping[str, str], stack: str) -> dict[str, Any]:
    """Return what a stack of this sandbox chooses otherwise than the committed file."""

    def build(folder: str, base: str) -> dict[str, Any]:
        return {"context": folder, "args": {"BASE": images[base]}}

    return {
        "siteUrl": site_url(instance, stack),
        "adminUrl": admin_url(instance, stack),
        "kubeContext": instance.context,
        **(_rancher(instance) if stack == STACK else {}),
        "dockerHost": f"unix://{instance.docker_socket}",
        "adminUser": ADMIN,
        "databaseImage": images["sandbox/postgres:14.2"],
        "backendImage": images["wgbhmla/ov-wag:v0.2.1"],
        "frontendImage": images["wgbhmla/ov-frontend:v0.2.1"],
        "proxyImage": f"{instance.registry}/wgbhmla/ov-nginx:v0.1.0",
        "proxyBuild": build("images/ov-nginx", "sandbox/nginx:1.22"),
        "jumpboxImage": f"{instance.registry}/wgbhmla/jumpbox:v0.1.0",
        "jumpboxBuild": build("images/jumpbox", "sandbox/jumpbox-base:12"),
        # Volumes are folders here; their sizes are asked for and not enforced.
        "databaseStorage": "1Gi",
        "staticStorage": "100Mi",
        "mediaStorage": "1Gi",
    }


def _rancher(instance: Instance) -> dict[str, Any]:
    """Return the stack's place in the sandbox's Rancher."""
    return {
        "rancherUrl": instance.rancher,
        "rancherCluster": "local",
        "rancherCa": instance.ca.read_text(),
        "rancherRoles": {accounts.CURATOR.group: "read-only"},
        # With room to spare, as the program's own quota has.
        "rancherQuota": {
            "pods": "60",
            "requestsCpu": "4000m",
            "limitsMemory": "24Gi",
            "requestsStorage": "20Gi",
        },
        "rancherLimits": {"requestsCpu": "10m", "requestsMemory": "64Mi", "limitsMemory": "256Mi"},
    }


def _kept(path: Path) -> dict[str, Any]:
    """Return what an earlier way up wrote; the engine that sealed secrets in it may have died."""
    try:
        return _read(path) if path.exists() else {}
    except YAMLError:
        return {}


def _read(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", YAML(typ="rt").load(path) or {})  # pyright: ignore[reportUnknownMemberType]


def _write(path: Path, content: Mapping[str, Any]) -> None:
    text = io.StringIO()
    yaml = YAML(typ="rt")
    yaml.width = 4096
    yaml.dump(content, text)  # pyright: ignore[reportUnknownMemberType]
    files.write(path, HEADER.format(name=path.name) + text.getvalue())

"""The folder with the stacks' settings, and what the settings say about images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
import yaml

from components.naming import NAMESPACES, PROJECT
from components.roster import companions, setting
from operations.errors import Exit, Refused
from operations.stackfile import StackFile, loaded

CHECKOUT = Path(__file__).resolve().parent.parent

PRODUCTION, DEMO = NAMESPACES

# Of every command that reads settings.
Folder = Annotated[
    Path,
    typer.Option(
        "--settings",
        envvar="PULUMI_OPTION_CWD",
        help="The folder with the stacks' settings; the checkout, unless pulumi looks elsewhere.",
        show_default=False,
    ),
]

# A service's name in the cluster → what its settings' keys begin with.
SERVICES: Mapping[str, str] = {
    "ov-nginx": "proxy",
    "ov-frontend": "frontend",
    "ov-wag": "backend",
    "db": "database",
    "jumpbox": "jumpbox",
    **{name: setting(name) for name in companions()},
}


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with Pulumi.yaml and the file of each stack."""

    folder: Path

    @property
    def stacks(self) -> list[str]:
        """The stacks that have settings here."""
        try:
            return [name for name in NAMESPACES if self._path(name).is_file()]
        except PermissionError as error:
            raise Refused(
                Exit.SETTINGS,
                f"The settings in {self.folder} cannot be read",
                (error.strerror or str(error)).lower(),
                f"See who may: ls -ld {self.folder}",
            ) from None

    def stack(self, name: str) -> StackFile:
        """Return the settings of the stack called *name*."""
        known = self.stacks
        if name not in known:
            raise Refused(
                Exit.USAGE,
                f"No stack is called {name!r}",
                f"the settings in {self.folder} are those of {_words(known)}",
                f"Type one of them, for example: --stack {known[-1]}"
                if known
                else "Name the folder that has them: --settings FOLDER",
            )
        return StackFile.read(self._path(name))

    def default(self, key: str) -> object:
        """Return what Pulumi.yaml gives a stack that does not choose for itself."""
        path = self.folder / "Pulumi.yaml"
        try:
            schema = loaded(path.read_text(encoding="utf-8"))["config"]
            return schema[key].get("default")
        except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
            return None

    def choice(self, stack: StackFile, key: str) -> object:
        """Return what a stack chooses for *key*, or gets without choosing."""
        return stack.config.get(full(key), self.default(key))

    def choices(self, stack: str) -> dict[str, object]:
        """Return all that a stack chooses or gets, by short keys; secrets are left out."""
        try:
            schema = loaded((self.folder / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
            keys = [str(key).removeprefix(f"{PROJECT}:") for key in schema]
        except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
            keys = []
        chosen = self.stack(stack)
        found = {key: self.choice(chosen, key) for key in keys}
        return {
            key: value
            for key, value in found.items()
            if not (isinstance(value, dict) and "secure" in value)
        }

    def _path(self, stack: str) -> Path:
        return self.folder / f"Pulumi.{stack}.yaml"


def full(key: str) -> str:
    """Return a key as stack files spell it."""
    return f"{PROJECT}:{key}"


def image_key(service: str) -> str:
    """Return the key of a service's image."""
    return f"{_prefix(service)}Image"


def build_key(service: str) -> str:
    """Return the key that says how a service's image is built here."""
    return f"{_prefix(service)}Build"


def contract_key(service: str) -> str:
    """Return the key that says what a service's published image asks of whoever runs it."""
    return f"{_prefix(service)}Contract"


def _prefix(service: str) -> str:
    if service not in SERVICES:
        raise Refused(
            Exit.USAGE,
            f"No service is called {service!r}",
            f"the services are {_words(list(SERVICES))}",
            "Type one of them, for example: ./ov images pin ov-wag REFERENCE --stack ov-demo",
        )
    return SERVICES[service]


def _words(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]])) or "no stack at all"

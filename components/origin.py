"""Where a stack's images come from, who asks there, and what they say of themselves."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pulumi

from components.artifact import Credentials
from components.context import faults
from components.contract import LABEL, Promise
from components.dockerfile import labels
from components.generations import GENERATIONS
from components.reader import Reader
from components.reference import PLATFORM, Build, Reference, Source
from components.roster import setting

# What the settings call a service → what the cluster calls it.
_SERVICES = {
    "database": "db",
    "backend": "ov-wag",
    "frontend": "ov-frontend",
    "proxy": "ov-nginx",
    "jumpbox": "jumpbox",
}
# Published by others, and never built here.
_FOREIGN = {"database"}
_SECRET = (
    "adminPassword",
    "bucketAccessKey",
    "bucketSecretKey",
    "databasePassword",
    "searchBrowserKey",
    "searchPassword",
    "secretKey",
    "signOnSecret",
)

_BUILD = {"context", "dockerfile", "target", "args", "platform"}
_LOGIN = {"username", "password"}
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(/v\d+)?")
# What nobody may read in an image's history, by the words its name has.
_PRIVATE = re.compile(
    r"(^|_)(PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIALS?|(API|ACCESS|PRIVATE|SECRET)?_?KEY)($|_)",
    re.IGNORECASE,
)

# Paths of builds begin here, wherever the program is called from.
_CHECKOUT = Path(__file__).resolve().parent.parent


class Origins:
    """Reads the settings of images, and refuses what would be a surprise later."""

    def __init__(self, read: Reader, companions: Iterable[str] = ()) -> None:
        self._read = read
        self._stack = read.stack
        self._services = _SERVICES | {setting(name): name for name in companions}
        # Registries that hold an image of this stack.
        self._held = set[str]()

    def image(self, service: str) -> Source:
        """Return where the image of *service* comes from, and what it says of itself."""
        key = f"{service}Image"
        reference = self._reference(service)
        build = self._build(f"{service}Build") if service not in _FOREIGN else None
        self._read.text(f"{service}Contract")
        if reference is None:
            return Source(reference=Reference(repository="", tag=None, digest=None), build=None)
        self._held.add(reference.registry)
        built = service not in _FOREIGN and bool(self._read.object(f"{service}Build"))
        if not built and not reference.digest:
            self._read.say(
                f"{self._read.full(key)} is {str(reference)!r}: a digest is needed, because "
                "a tag may be another image tomorrow",
                f"Type: {self._pin(service, str(reference))}",
            )
        if build and not (reference.names_registry and reference.tag and not reference.digest):
            self._read.refuse(
                key,
                "a registry, a repository and a tag without a digest, because it is built here",
                f"docker.io/example/{self._services[service]}:v1.2.0",
            )
        promise = self._promise(service, reference, build)
        self._same_generation(service, reference, promise)
        return Source(reference=reference, build=build, promise=promise)

    def optional_image(self, service: str) -> Source | None:
        """Return the image of a service that a flag of the same name turns on."""
        wanted = self._read.flag(service)
        # Asked for either way: a key that is not needed now is not a key nobody knows.
        for kind in ("Image", "Build", "Contract"):
            self._read.text(f"{service}{kind}")
        return self.image(service) if wanted else None

    def companion_image(self, name: str) -> Source | None:
        """Return the image of a companion, None where the stack has no word of it."""
        kinds = [f"{setting(name)}{kind}" for kind in ("Image", "Build", "Contract")]
        told = [self._read.text(key) not in {"", "{}"} for key in kinds]
        return self.image(setting(name)) if any(told) else None

    def registries(self, key: str) -> Mapping[str, Credentials]:
        """Return who this stack is to each registry that holds one of its images."""
        given = self._read.object(key)
        logins = {server: self._login(key, server, at) for server, at in given.items()}
        if any(login and login.get("password") for login in logins.values()):
            self._sealed(key)
        return {
            server: Credentials(
                server=server,
                username=login["username"],
                password=pulumi.Output.secret(login["password"]),
            )
            for server, login in logins.items()
            if login
        }

    def _reference(self, service: str) -> Reference | None:
        """Return a reference to the image of *service* that does not move."""
        key = f"{service}Image"
        reference = Reference.parse(self._read.text(key))
        if reference is None:
            self._read.refuse(
                key,
                "registry/repository with a tag other than latest, or a digest",
                f"docker.io/example/{self._services[service]}:v1.2.0",
                self._pin(service, f"docker.io/example/{self._services[service]}:v1.2.0"),
            )
        return reference

    def _promise(self, service: str, reference: Reference, build: Build | None) -> Promise | None:
        """Return what an image says of itself: its Dockerfile, or what was noted when pinned."""
        key = f"{service}Contract"
        noted = self._read.object(key)
        full = self._read.full(key)
        if build and noted:
            self._read.say(
                f"{full} is of no use: the image is built here, and its Dockerfile has the labels",
                f"Type: pulumi config rm {key} -s {self._stack}",
            )
        if build:
            file = _CHECKOUT / build.context / build.dockerfile
            text = file.read_text(encoding="utf-8") if file.is_file() else ""
            spoken, place = labels(text, build.target), f"{build.context}/{build.dockerfile}"
            way_out = f"Correct the label in {place}"
        else:
            digest = noted.pop("digest", reference.digest)
            spoken, place = {f"{LABEL}{name}": str(at) for name, at in noted.items()}, full
            way_out = f"Type: pulumi config rm {key} -s {self._stack}"
            if digest != reference.digest:
                self._read.say(
                    f"{full} was noted of another image ({digest})",
                    f"Type: {self._pin(service, str(reference))}",
                )
                return None
        try:
            return Promise.parse(spoken)
        except ValueError as error:
            self._read.say(f"{place} has a label that says nothing: {error}", way_out)
        return None

    def _same_generation(self, service: str, reference: Reference, promise: Promise | None) -> None:
        """Refuse an image of another generation, by what it says or by its version."""
        wanted = self._read.text("generation")
        said = promise.generation if promise else None
        if said is None and service in {"backend", "frontend"}:
            said = reference.generation
        if said is not None and wanted in GENERATIONS and wanted not in said.split():
            known = said in GENERATIONS
            self._read.say(
                f"{self._read.full(f'{service}Image')} is {str(reference)!r}: it is of "
                f"generation {said}, and the stack of {wanted}",
                f"Type: {self._pin(service, 'REFERENCE')}    with an image of {wanted}"
                + (f"; or: pulumi config set generation {said} -s {self._stack}" if known else ""),
            )

    def _build(self, key: str) -> Build | None:
        given = self._read.object(key)
        if not given:
            return None
        build = _build(given)
        full = self._read.full(key)
        way_out = f"Type: pulumi config set --path {key}.context FOLDER -s {self._stack}"
        if self._read.is_sealed(key):
            self._read.say(
                f"{full} has a secret in it, and whoever pulls the image could read it",
                f"Type: pulumi config rm --path {key}.args -s {self._stack}",
            )
        elif build is None:
            self._read.say(
                f"{full} is {self._read.text(key)}: context, dockerfile, target, args and platform "
                "are allowed, all text; context is needed",
                way_out,
            )
        else:
            for fault in faults(_CHECKOUT, build):
                self._read.say(f"{full}: {fault.problem}", fault.way_out or way_out)
            for name, value in build.args.items():
                self._argument(key, name, value)
        return build

    def _argument(self, key: str, name: str, value: str) -> None:
        """Refuse what a build would keep for good in the image's history."""
        secret = [at for at, text in self._secrets() if text and text in value]
        if not secret and not _PRIVATE.search(name):
            return
        what = f"has the value of {secret[0]}" if secret else "has the name of a secret"
        self._read.say(
            f"{self._read.full(key)}.args.{name} {what}, and whoever pulls the image "
            "can read its arguments",
            f"Type: pulumi config rm --path {key}.args.{name} -s {self._stack}    (and give it to "
            "the running service instead)",
        )

    def _secrets(self) -> Iterator[tuple[str, str]]:
        yield from ((key, self._read.text(key)) for key in _SECRET)
        for server, login in self._read.object("registries").items():
            if isinstance(login, dict):
                password = cast("dict[str, Any]", login).get("password")
                yield f"registries[{server}].password", str(password or "")

    def _login(self, key: str, server: str, given: object) -> dict[str, str] | None:
        """Return name and password at one registry, or say what is missing; never what is there."""
        full = f"{self._read.full(key)}[{server}]"
        path = f"'{key}[\"{server}\"].%s'"
        name = f"pulumi config set --path {path % 'username'} NAME -s {self._stack}"
        password = f"pulumi config set --secret --path {path % 'password'} -s {self._stack}"
        if server not in self._held:
            near = difflib.get_close_matches(server, sorted(self._held), n=1, cutoff=0.75)
            held = f"did you mean {near[0]}?" if near else f"those are {_words(self._held)}"
            self._read.say(
                f"{full} is not the registry of any image of this stack: {held}",
                f"Type: pulumi config rm --path '{key}[\"{server}\"]' -s {self._stack}",
            )
            return None
        login = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
        known = {word for word in _LOGIN if isinstance(login.get(word), str) and login[word]}
        if known == _LOGIN and login.keys() == _LOGIN:
            return cast("dict[str, str]", login)
        if known == {"username"}:
            self._read.say(f"{full} has a username and no password", f"Type: {password}")
        elif known == {"password"}:
            self._read.say(f"{full} has a password and no username", f"Type: {name}")
        else:
            self._read.say(
                f"{full} needs username and password, both text, and nothing else",
                f"Type: {name}\n    and:  {password}",
            )
        return None

    def _sealed(self, key: str) -> None:
        full = self._read.full(key)
        if not self._read.is_sealed(key):
            self._read.say(
                f"{full} has a password stored in clear: it must be sealed",
                f"Type: pulumi config set --secret --path '{key}[\"SERVER\"].password' "
                f"-s {self._stack}    (it asks for it)",
            )

    def _pin(self, service: str, reference: str) -> str:
        return f"./ov images pin {self._services[service]} {reference} -s {self._stack}"


def _build(fields: Mapping[str, Any]) -> Build | None:
    """Return the build that a configuration object describes, or None when it describes none."""
    args: object = fields.get("args", {})
    platform: object = fields.get("platform", PLATFORM)
    if not isinstance(platform, str) or not _PLATFORM.fullmatch(platform):
        return None
    if "context" not in fields or fields.keys() - _BUILD or not isinstance(args, dict):
        return None
    words = [value for key, value in fields.items() if key != "args"]
    words += cast("dict[str, Any]", args).values()
    if not all(isinstance(word, str) for word in words):
        return None
    return Build(**fields)


def _words(names: Iterable[str]) -> str:
    return " and ".join(sorted(names)) or "none"

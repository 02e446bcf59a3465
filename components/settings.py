"""What differs between stacks, read once and checked here."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from components.contract import GENERATIONS, Generation
from components.endpoint import Address
from components.naming import NAMESPACES
from components.reference import Build, Reference, Source

T = TypeVar("T")

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_SIZE = re.compile(r"[1-9]\d*(Mi|Gi|Ti)")
_USER = re.compile(r"[\w.@+-]+")
_BUILD = {"context", "dockerfile", "target", "args"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The configuration of one stack; its keys and defaults are declared in Pulumi.yaml."""

    namespace: str

    site: Address
    admin: Address
    ingress_class: str
    tls_secret: str

    kube_context: str
    protect: bool

    generation: Generation
    backend_image: Source
    frontend_image: Source
    database_image: Source
    proxy_image: Source
    jumpbox_image: Source | None
    docker_host: str

    database_storage: str
    static_storage: str
    media_storage: str
    storage_class: str

    admin_user: str
    admin_email: str
    admin_password: pulumi.Output[str] = field(repr=False)
    database_password: pulumi.Output[str] = field(repr=False)
    secret_key: pulumi.Output[str] = field(repr=False)

    @property
    def images(self) -> Mapping[str, Source]:
        """The image of each service this stack runs, by the name the service has in the cluster."""
        always = {
            "db": self.database_image,
            "ov-wag": self.backend_image,
            "ov-frontend": self.frontend_image,
            "ov-nginx": self.proxy_image,
        }
        return always | ({"jumpbox": self.jumpbox_image} if self.jumpbox_image else {})

    @classmethod
    def load(cls, stack: str) -> Settings:
        """Read the configuration of *stack*, or say everything that is wrong with it at once."""
        if stack not in NAMESPACES:
            raise pulumi.RunError(_no_such_stack(stack))
        read = _Reader(stack)
        settings = cls(
            namespace=stack,
            site=read.address("siteUrl", "https://demo.example.org"),
            admin=read.address("adminUrl", "https://admin.demo.example.org"),
            ingress_class=read.name("ingressClass", "nginx"),
            tls_secret=read.name("tlsSecret", "site-tls"),
            kube_context=read.some("kubeContext", stack),
            protect=read.flag("protect"),
            generation=read.one_of("generation", GENERATIONS),
            backend_image=read.image("backend"),
            frontend_image=read.image("frontend"),
            database_image=Source(reference=read.reference("databaseImage"), build=None),
            proxy_image=read.image("proxy"),
            jumpbox_image=read.optional_image("jumpbox"),
            docker_host=read.docker_host("dockerHost"),
            database_storage=read.size("databaseStorage"),
            static_storage=read.size("staticStorage"),
            media_storage=read.size("mediaStorage"),
            storage_class=read.name("storageClass", "standard"),
            admin_user=read.matching("adminUser", "letters, digits and @.+-_", "admin", _USER),
            admin_email=read.matching(
                "adminEmail", "an e-mail address", "editors@example.org", _EMAIL
            ),
            admin_password=read.secret("adminPassword", 12),
            database_password=read.secret("databasePassword", 16),
            secret_key=read.secret("secretKey", 50),
        )
        read.finish()
        return settings


class _Reader:
    """Reads one key after another, and remembers what it was asked for and what was wrong."""

    def __init__(self, stack: str) -> None:
        self._stack = stack
        self._config = pulumi.Config()
        self._asked = set[str]()
        self._problems: list[str] = []

    def finish(self) -> None:
        """Refuse everything that was wrong, and every key nobody asked for."""
        self._two_hosts()
        own = f"{self._config.name}:"
        present = {key.removeprefix(own) for key in CONFIG.get() if key.startswith(own)}
        for key in sorted(present - self._asked):
            self._unknown(key)
        if self._problems:
            raise pulumi.RunError(
                f"The settings of stack {self._stack} cannot be used. Nothing was changed.\n"
                + "\n".join(self._problems)
            )

    def some(self, key: str, example: str) -> str:
        """Return text that is not empty."""
        return self._parsed(key, "a value that is not empty", example, lambda text: text or None)

    def matching(self, key: str, allowed: str, example: str, pattern: re.Pattern[str]) -> str:
        """Return text that *pattern* describes in full."""
        return self._parsed(
            key, allowed, example, lambda text: text if pattern.fullmatch(text) else None
        )

    def name(self, key: str, example: str) -> str:
        """Return the name of a Kubernetes object, or nothing."""
        if not self._text(key):
            return ""
        allowed = "the name of a Kubernetes object: small letters, digits, - and ."
        return self.matching(key, allowed, example, _NAME)

    def size(self, key: str) -> str:
        """Return the size of a volume."""
        return self.matching(key, "a size in Mi, Gi or Ti", "10Gi", _SIZE)

    def address(self, key: str, example: str) -> Address:
        """Return a public address."""
        allowed = "an address of scheme and host, without a path"
        return self._parsed(key, allowed, example, Address.parse)

    def docker_host(self, key: str) -> str:
        """Return the address of a Docker daemon, or nothing."""
        if not self._text(key):
            return ""
        pattern = re.compile(r"(unix|tcp|ssh|npipe)://\S+")
        return self.matching(key, "an address with its scheme", "unix:///run/docker.sock", pattern)

    def one_of(self, key: str, choices: Mapping[str, T]) -> T:
        """Return the choice that the key names."""
        return self._parsed(key, f"one of: {', '.join(choices)}", next(iter(choices)), choices.get)

    def flag(self, key: str) -> bool:
        """Return true or false."""
        return self._parsed(key, "true or false", "true", {"true": True, "false": False}.get)

    def reference(self, key: str, example: str = "docker.io/example/image:v1.2.0") -> Reference:
        """Return a reference to an image that does not move."""
        allowed = "registry/repository with a tag other than latest, or a digest"
        return self._parsed(key, allowed, example, Reference.parse)

    def optional_image(self, service: str) -> Source | None:
        """Return the image of a service that a flag of the same name turns on."""
        wanted = self.flag(service)
        # Asked for either way: a key that is not needed now is not a key nobody knows.
        self._asked |= {f"{service}Image", f"{service}Build"}
        return self.image(service) if wanted else None

    def image(self, service: str) -> Source:
        """Return where the image of *service* comes from."""
        reference = self.reference(f"{service}Image")
        build = self._build(f"{service}Build")
        if build and not (reference.names_registry and reference.tag and not reference.digest):
            self._refuse(
                f"{service}Image",
                "a registry, a repository and a tag without a digest, because it is built here",
                f"docker.io/example/{service}:v1.2.0",
            )
        return Source(reference=reference, build=build)

    def secret(self, key: str, length: int) -> pulumi.Output[str]:
        """Return a sealed value of at least *length* characters."""
        text = self._text(key)
        full = self._config.full_key(key)
        way_out = f"Type: pulumi config set --secret {key} -s {self._stack}    (it asks for it)"
        if not text:
            self._say(f"{full} is missing: at least {length} characters are needed", way_out)
        elif not is_config_secret(full):
            self._say(f"{full} is stored in clear: it must be sealed", way_out)
        elif len(text) < length:
            self._say(f"{full} is too short: at least {length} characters are needed", way_out)
        return pulumi.Output.secret(text)

    def _build(self, key: str) -> Build | None:
        text = self._text(key)
        try:
            given: object = json.loads(text or "{}")
        except ValueError:
            given = text
        build = _build(given)
        if given and build is None:
            full = self._config.full_key(key)
            self._say(
                f"{full} is {text}: context, dockerfile, target and args are allowed, all text; "
                "context is needed",
                f"Type: pulumi config set --path {key}.context FOLDER -s {self._stack}",
            )
        return build

    def _text(self, key: str) -> str:
        self._asked.add(key)
        return self._config.get(key) or ""

    def _parsed(self, key: str, allowed: str, example: str, parse: Callable[[str], T | None]) -> T:
        """Return what *parse* makes of the key's text; without it, refuse and read an example."""
        value = parse(self._text(key))
        if value is not None:
            return value
        self._refuse(key, allowed, example)
        return cast("T", parse(example))

    def _two_hosts(self) -> None:
        site, admin = (Address.parse(self._text(key)) for key in ("siteUrl", "adminUrl"))
        if site and admin and site.host == admin.host:
            self._refuse("adminUrl", "a host other than the site's", "https://admin.example.org")

    def _refuse(self, key: str, allowed: str, example: str) -> None:
        text = self._text(key)
        state = f"is {text!r}" if text else "is missing or empty"
        self._say(
            f"{self._config.full_key(key)} {state}: {allowed} is needed",
            f"Type, for example: pulumi config set {key} {example} -s {self._stack}",
        )

    def _unknown(self, key: str) -> None:
        near = difflib.get_close_matches(key, sorted(self._asked), n=1)
        self._say(
            f"{self._config.full_key(key)} is no setting of this program"
            + (f": did you mean {near[0]}?" if near else ", see Pulumi.yaml for all there are"),
            f"Type: pulumi config rm {key} -s {self._stack}",
        )

    def _say(self, problem: str, way_out: str) -> None:
        self._problems.append(f"- {problem}.\n    {way_out}")


def _build(given: object) -> Build | None:
    """Return the build that a configuration object describes, or None when it describes none."""
    if not isinstance(given, dict):
        return None
    fields = cast("dict[str, Any]", given)
    args: object = fields.get("args", {})
    if "context" not in fields or fields.keys() - _BUILD or not isinstance(args, dict):
        return None
    words = [value for key, value in fields.items() if key != "args"]
    words += cast("dict[str, Any]", args).values()
    if not all(isinstance(word, str) for word in words):
        return None
    return Build(**fields)


def _no_such_stack(stack: str) -> str:
    return (
        f"Stack {stack!r} is none of this program's: a stack has the name of its namespace, "
        f"and these are {' and '.join(NAMESPACES)}. Nothing was changed.\n"
        f"    Type: pulumi stack select {NAMESPACES[-1]}"
    )

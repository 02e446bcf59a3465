"""What differs between stacks, read once and checked here."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from components.artifact import Credentials
from components.context import faults
from components.contract import CONTRACTS, GENERATIONS, LABEL, Generation, Need, Promise
from components.dockerfile import labels
from components.endpoint import Address, Door, Edge
from components.naming import NAMESPACES
from components.reference import PLATFORM, Build, Reference, Source

T = TypeVar("T")

# What the settings call a service → what the cluster calls it.
_SERVICES = {
    "database": "db",
    "backend": "ov-wag",
    "frontend": "ov-frontend",
    "proxy": "ov-nginx",
    "jumpbox": "jumpbox",
}
_BUILT = _SERVICES.keys() - {"database"}
_SECRET = ("adminPassword", "databasePassword", "secretKey")

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_SIZE = re.compile(r"[1-9]\d*(Mi|Gi|Ti)")
_USER = re.compile(r"[\w.@+-]+")
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
_UPLOAD = re.compile(r"[1-9]\d{1,2}m")
_MEMORY = {"Mi": 1, "Gi": 1024}

# The CMS refuses larger pictures by itself, in MB.
_CMS_LIMIT = 10

# Nobody has meant more, of anything.
_MANY = 16

# There is one database: two on one volume would destroy it. Nobody needs a second jumpbox.
_REPLICATED = ("ov-frontend", "ov-nginx", "ov-wag")

# The next pod of these starts when the one before is gone.
_ONE_AFTER_ANOTHER = {"db", "migrate"}

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The configuration of one stack; its keys and defaults are declared in Pulumi.yaml."""

    namespace: str

    site: Address
    admin: Address
    door: Door

    kube_context: str
    protect: bool

    # As this stack wants its resources and workers.
    generation: Generation
    replicas: Mapping[str, int]
    backend_image: Source
    frontend_image: Source
    database_image: Source
    proxy_image: Source
    jumpbox_image: Source | None
    docker_host: str
    # By the registry's name; only those that hold an image of this stack.
    registries: Mapping[str, Credentials]

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

    @property
    def needs(self) -> Sequence[Need]:
        """What each pod needs of all that can be there at once, those of an update included."""
        counts = {service: self.replicas.get(service, 1) for service in [*self.images, "migrate"]}
        rolling = counts.keys() - _ONE_AFTER_ANOTHER
        return [
            self.generation.contract(service).need
            for service, count in counts.items()
            for _ in range(count + (service in rolling))
        ]

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
            door=Door(
                edge=read.edge("edge"),
                ingress_class=read.name("ingressClass", "nginx"),
                tls_secret=read.name("tlsSecret", "site-tls"),
                upload_limit=read.upload_limit("uploadLimit"),
            ),
            kube_context=read.some("kubeContext", stack),
            protect=read.flag("protect"),
            generation=read.tuned(read.one_of("generation", GENERATIONS)),
            replicas=read.replicas("replicas"),
            backend_image=read.image("backend"),
            frontend_image=read.image("frontend"),
            database_image=read.image("database"),
            proxy_image=read.image("proxy"),
            jumpbox_image=read.optional_image("jumpbox"),
            docker_host=read.docker_host("dockerHost"),
            registries=read.registries("registries"),
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
        # Registries that hold an image of this stack.
        self._held = set[str]()
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

    def edge(self, key: str) -> Edge:
        """Return where the edge's requests come from."""
        allowed = "a namespace, or a network of addresses with its length"
        return self._parsed(key, allowed, "ingress-nginx", Edge.parse)

    def upload_limit(self, key: str) -> int:
        """Return the largest upload in MB."""
        allowed = f"a number of MB from {_CMS_LIMIT}, which the CMS accepts, to 999"
        text = self.matching(key, allowed, "25m", _UPLOAD)
        return int(text.removesuffix("m"))

    def replicas(self, key: str) -> Mapping[str, int]:
        """Return how many pods a service has, where it is not one."""
        found: dict[str, int] = {}
        for service, count in self._table(key).items():
            if service not in _REPLICATED:
                self._entry(key, service, f"only {_listed(_REPLICATED)} can have more than one pod")
            elif not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= _MANY:
                self._entry(key, service, f"{count!r} is not a number from 1 to {_MANY}", "2")
            else:
                found[service] = count
        return found

    def tuned(self, generation: Generation) -> Generation:
        """Return *generation* with the workers and resources that the stack chooses."""
        workers = self._parsed("workers", f"a number from 1 to {_MANY}", "2", _workers)
        crew = generation.crew(workers)
        needs: dict[str, Need] = {"ov-wag": crew}
        for service, given in self._table("resources").items():
            if service not in CONTRACTS:
                self._entry("resources", service, f"there are only {_listed(CONTRACTS)}")
                continue
            usual = crew if service == "ov-wag" else generation.contract(service).need
            need = _need(usual, given)
            if need is None:
                wanted = "cpu (100m), memory and memoryLimit (256Mi), the first memory the smaller"
                self._entry(
                    "resources",
                    f"{service}.memory",
                    f"{given!r}, but allowed are {wanted}",
                    "256Mi",
                )
            else:
                needs[service] = need
        least = workers * generation.worker + generation.picture
        if needs["ov-wag"].memory_limit < least:
            self._entry(
                "resources",
                "ov-wag.memoryLimit",
                f"{workers} workers and a picture take {least}Mi, and its limit is less",
                f"{least}Mi",
            )
        return generation.tuned(needs, workers)

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

    def reference(self, service: str) -> Reference | None:
        """Return a reference to the image of *service* that does not move."""
        key = f"{service}Image"
        reference = Reference.parse(self._text(key))
        if reference is None:
            self._refuse(
                key,
                "registry/repository with a tag other than latest, or a digest",
                f"docker.io/example/{_SERVICES[service]}:v1.2.0",
                self._pin(service, f"docker.io/example/{_SERVICES[service]}:v1.2.0"),
            )
        return reference

    def optional_image(self, service: str) -> Source | None:
        """Return the image of a service that a flag of the same name turns on."""
        wanted = self.flag(service)
        # Asked for either way: a key that is not needed now is not a key nobody knows.
        self._asked |= {f"{service}{kind}" for kind in ("Image", "Build", "Contract")}
        return self.image(service) if wanted else None

    def image(self, service: str) -> Source:
        """Return where the image of *service* comes from, and what it says of itself."""
        key = f"{service}Image"
        reference = self.reference(service)
        build = self._build(f"{service}Build") if service in _BUILT else None
        self._asked.add(f"{service}Contract")
        if reference is None:
            return Source(reference=Reference(repository="", tag=None, digest=None), build=None)
        self._held.add(reference.registry)
        built = service in _BUILT and bool(self._object(f"{service}Build"))
        if not built and not reference.digest:
            self._say(
                f"{self._config.full_key(key)} is {str(reference)!r}: a digest is needed, because "
                "a tag may be another image tomorrow",
                f"Type: {self._pin(service, str(reference))}",
            )
        if build and not (reference.names_registry and reference.tag and not reference.digest):
            self._refuse(
                key,
                "a registry, a repository and a tag without a digest, because it is built here",
                f"docker.io/example/{_SERVICES[service]}:v1.2.0",
            )
        promise = self._promise(service, reference, build)
        self._same_generation(service, reference, promise)
        return Source(reference=reference, build=build, promise=promise)

    def registries(self, key: str) -> Mapping[str, Credentials]:
        """Return who this stack is to each registry that holds one of its images."""
        given = self._object(key)
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

    def _login(self, key: str, server: str, given: object) -> dict[str, str] | None:
        """Return name and password at one registry, or say what is missing; never what is there."""
        full = f"{self._config.full_key(key)}[{server}]"
        path = f"'{key}[\"{server}\"].%s'"
        name = f"pulumi config set --path {path % 'username'} NAME -s {self._stack}"
        password = f"pulumi config set --secret --path {path % 'password'} -s {self._stack}"
        if server not in self._held:
            near = difflib.get_close_matches(server, sorted(self._held), n=1, cutoff=0.75)
            held = f"did you mean {near[0]}?" if near else f"those are {_words(self._held)}"
            self._say(
                f"{full} is not the registry of any image of this stack: {held}",
                f"Type: pulumi config rm --path '{key}[\"{server}\"]' -s {self._stack}",
            )
            return None
        login = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
        known = {word for word in _LOGIN if isinstance(login.get(word), str) and login[word]}
        if known == _LOGIN and login.keys() == _LOGIN:
            return cast("dict[str, str]", login)
        if known == {"username"}:
            self._say(f"{full} has a username and no password", f"Type: {password}")
        elif known == {"password"}:
            self._say(f"{full} has a password and no username", f"Type: {name}")
        else:
            self._say(
                f"{full} needs username and password, both text, and nothing else",
                f"Type: {name}\n    and:  {password}",
            )
        return None

    def _sealed(self, key: str) -> None:
        full = self._config.full_key(key)
        if not is_config_secret(full):
            self._say(
                f"{full} has a password stored in clear: it must be sealed",
                f"Type: pulumi config set --secret --path '{key}[\"SERVER\"].password' "
                f"-s {self._stack}    (it asks for it)",
            )

    def _build(self, key: str) -> Build | None:
        given = self._object(key)
        if not given:
            return None
        build = _build(given)
        full = self._config.full_key(key)
        way_out = f"Type: pulumi config set --path {key}.context FOLDER -s {self._stack}"
        if is_config_secret(full):
            self._say(
                f"{full} has a secret in it, and whoever pulls the image could read it",
                f"Type: pulumi config rm --path {key}.args -s {self._stack}",
            )
        elif build is None:
            self._say(
                f"{full} is {self._text(key)}: context, dockerfile, target, args and platform are "
                "allowed, all text; context is needed",
                way_out,
            )
        else:
            for fault in faults(_CHECKOUT, build):
                self._say(f"{full}: {fault.problem}", fault.way_out or way_out)
            for name, value in build.args.items():
                self._argument(key, name, value)
        return build

    def _argument(self, key: str, name: str, value: str) -> None:
        """Refuse what a build would keep for good in the image's history."""
        secret = [at for at, text in self._secrets() if text and text in value]
        if not secret and not _PRIVATE.search(name):
            return
        what = f"has the value of {secret[0]}" if secret else "has the name of a secret"
        self._say(
            f"{self._config.full_key(key)}.args.{name} {what}, and whoever pulls the image "
            "can read its arguments",
            f"Type: pulumi config rm --path {key}.args.{name} -s {self._stack}    (and give it to "
            "the running service instead)",
        )

    def _secrets(self) -> Iterator[tuple[str, str]]:
        yield from ((key, self._text(key)) for key in _SECRET)
        for server, login in self._object("registries").items():
            if isinstance(login, dict):
                password = cast("dict[str, Any]", login).get("password")
                yield f"registries[{server}].password", str(password or "")

    def _promise(self, service: str, reference: Reference, build: Build | None) -> Promise | None:
        """Return what an image says of itself: its Dockerfile, or what was noted when pinned."""
        key = f"{service}Contract"
        noted = self._object(key)
        full = self._config.full_key(key)
        if build and noted:
            self._say(
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
                self._say(
                    f"{full} was noted of another image ({digest})",
                    f"Type: {self._pin(service, str(reference))}",
                )
                return None
        try:
            return Promise.parse(spoken)
        except ValueError as error:
            self._say(f"{place} has a label that says nothing: {error}", way_out)
        return None

    def _same_generation(self, service: str, reference: Reference, promise: Promise | None) -> None:
        """Refuse an image of another generation, by what it says or by its version."""
        wanted = self._text("generation")
        said = promise.generation if promise else None
        if said is None and service in {"backend", "frontend"}:
            said = reference.generation
        if said is not None and wanted in GENERATIONS and said != wanted:
            known = said in GENERATIONS
            self._say(
                f"{self._config.full_key(f'{service}Image')} is {str(reference)!r}: it is of "
                f"generation {said}, and the stack of {wanted}",
                f"Type: {self._pin(service, 'REFERENCE')}    with an image of {wanted}"
                + (f"; or: pulumi config set generation {said} -s {self._stack}" if known else ""),
            )

    def _pin(self, service: str, reference: str) -> str:
        return f"./ov images pin {_SERVICES[service]} {reference} -s {self._stack}"

    def _object(self, key: str) -> dict[str, Any]:
        """Return the object that a key holds; what is none is one without a sense."""
        text = self._text(key) or "{}"
        try:
            given: object = json.loads(text)
        except ValueError:
            given = None
        return cast("dict[str, Any]", given) if isinstance(given, dict) else {"": None}

    def _table(self, key: str) -> dict[str, Any]:
        """Return what the key says of each service."""
        given = self._object(key)
        if given.keys() != {""}:
            return given
        self._say(
            f"{self._config.full_key(key)} is {self._text(key)}: it has to say of which service",
            f"Type: pulumi config rm {key} -s {self._stack}",
        )
        return {}

    def _entry(self, key: str, entry: str, problem: str, example: str = "") -> None:
        """Refuse one entry of a table: it is to be set to *example*, or removed without one."""
        words = f"set --path {key}.{entry} {example}" if example else f"rm --path {key}.{entry}"
        self._say(
            f"{self._config.full_key(key)}, {entry}: {problem}",
            f"Type, for example: pulumi config {words} -s {self._stack}",
        )

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

    def _refuse(self, key: str, allowed: str, example: str, way_out: str = "") -> None:
        text = self._text(key)
        state = f"is {text!r}" if text else "is missing or empty"
        self._say(
            f"{self._config.full_key(key)} {state}: {allowed} is needed",
            "Type, for example: "
            + (way_out or f"pulumi config set {key} {example} -s {self._stack}"),
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


def _workers(text: str) -> int | None:
    return int(text) if text.isdecimal() and 1 <= int(text) <= _MANY else None


def _need(usual: Need, given: object) -> Need | None:
    """Return the *usual* need with what is *given*, or None when that makes no sense."""
    if not isinstance(given, dict):
        return None
    fields = cast("dict[str, object]", given)
    sizes = {key: _amount(key, str(value)) for key, value in fields.items()}
    if None in sizes.values():
        return None
    need = replace(
        usual,
        cpu=sizes.get("cpu") or usual.cpu,
        memory=sizes.get("memory") or usual.memory,
        memory_limit=sizes.get("memoryLimit") or usual.memory_limit,
    )
    return need if need.memory <= need.memory_limit else None


def _amount(key: str, text: str) -> int | None:
    """Return thousandths of a core, or MiB; None when *text* is neither."""
    units = {"cpu": {"m": 1, "": 1000}, "memory": _MEMORY, "memoryLimit": _MEMORY}.get(key, {})
    match = re.fullmatch(r"([1-9]\d*)(\D*)", text)
    return int(match[1]) * units[match[2]] if match and match[2] in units else None


def _listed(services: Iterable[str]) -> str:
    return ", ".join(services)


def _no_such_stack(stack: str) -> str:
    return (
        f"Stack {stack!r} is none of this program's: a stack has the name of its namespace, "
        f"and these are {' and '.join(NAMESPACES)}. Nothing was changed.\n"
        f"    Type: pulumi stack select {NAMESPACES[-1]}"
    )

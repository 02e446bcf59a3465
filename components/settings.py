"""What differs between stacks, read once and checked here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pulumi

from components.artifact import Credentials
from components.contract import CONTRACTS, GENERATIONS, Generation, Need
from components.endpoint import Address, Door
from components.naming import NAMESPACES
from components.origin import Origins
from components.reader import Reader
from components.reference import Source

_USER = re.compile(r"[\w.@+-]+")
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
        origins = Origins(read)
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
            backend_image=origins.image("backend"),
            frontend_image=origins.image("frontend"),
            database_image=origins.image("database"),
            proxy_image=origins.image("proxy"),
            jumpbox_image=origins.optional_image("jumpbox"),
            docker_host=read.docker_host("dockerHost"),
            registries=origins.registries("registries"),
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
        read.two_hosts()
        read.finish()
        return settings


class _Reader(Reader):
    """Reads what only this program asks: how much of everything."""

    def upload_limit(self, key: str) -> int:
        """Return the largest upload in MB."""
        allowed = f"a number of MB from {_CMS_LIMIT}, which the CMS accepts, to 999"
        text = self.matching(key, allowed, "25m", _UPLOAD)
        return int(text.removesuffix("m"))

    def replicas(self, key: str) -> Mapping[str, int]:
        """Return how many pods a service has, where it is not one."""
        found: dict[str, int] = {}
        for service, count in self.table(key).items():
            if service not in _REPLICATED:
                self.entry(key, service, f"only {_listed(_REPLICATED)} can have more than one pod")
            elif not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= _MANY:
                self.entry(key, service, f"{count!r} is not a number from 1 to {_MANY}", "2")
            else:
                found[service] = count
        return found

    def tuned(self, generation: Generation) -> Generation:
        """Return *generation* with the workers and resources that the stack chooses."""
        workers = self.parsed("workers", f"a number from 1 to {_MANY}", "2", _workers)
        crew = generation.crew(workers)
        needs: dict[str, Need] = {"ov-wag": crew}
        for service, given in self.table("resources").items():
            if service not in CONTRACTS:
                self.entry("resources", service, f"there are only {_listed(CONTRACTS)}")
                continue
            usual = crew if service == "ov-wag" else generation.contract(service).need
            need = _need(usual, given)
            if need is None:
                wanted = "cpu (100m), memory and memoryLimit (256Mi), the first memory the smaller"
                self.entry(
                    "resources",
                    f"{service}.memory",
                    f"{given!r}, but allowed are {wanted}",
                    "256Mi",
                )
            else:
                needs[service] = need
        least = workers * generation.worker + generation.picture
        if needs["ov-wag"].memory_limit < least:
            self.entry(
                "resources",
                "ov-wag.memoryLimit",
                f"{workers} workers and a picture take {least}Mi, and its limit is less",
                f"{least}Mi",
            )
        return generation.tuned(needs, workers)

    def two_hosts(self) -> None:
        """Refuse one address for the site and the CMS."""
        site, admin = (Address.parse(self.text(key)) for key in ("siteUrl", "adminUrl"))
        if site and admin and site.host == admin.host:
            self.refuse("adminUrl", "a host other than the site's", "https://admin.example.org")


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

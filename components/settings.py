"""What differs between stacks, read once and checked here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pulumi

from components.artifact import Credentials
from components.choices import backups, entrance, rancher, scaling, services, size, storage
from components.choices.apart import apart
from components.choices.backups import Backups
from components.choices.pair import tried
from components.choices.rancher import Rancher
from components.choices.services import Services
from components.choices.storage import Storage
from components.companion import Companion
from components.contract import Generation, Need
from components.endpoint import Address, Door
from components.generations import GENERATIONS
from components.naming import NAMESPACES
from components.origin import Origins
from components.postgres import demand
from components.reader import Reader, mebibytes
from components.reference import Source
from components.scale import Scale, most

_USER = re.compile(r"[\w.@+-]+")
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
    # Without one, the stack is in a plain cluster.
    rancher: Rancher | None = None
    protect: bool

    # As this stack wants its resources and workers.
    generation: Generation
    replicas: Mapping[str, int | Scale]
    backend_image: Source
    frontend_image: Source
    database_image: Source
    proxy_image: Source
    jumpbox_image: Source | None
    # The services beside the site's own that this stack runs, and their images by their names.
    companions: Sequence[Companion] = ()
    companion_images: Mapping[str, Source] = field(default_factory=dict[str, Source])
    docker_host: str
    # By the registry's name; only those that hold an image of this stack.
    registries: Mapping[str, Credentials]

    storage: Storage
    backups: Backups | None

    services: Services

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
        jumpbox = {"jumpbox": self.jumpbox_image} if self.jumpbox_image else {}
        return {**always, **jumpbox, **self.companion_images}

    @property
    def needs(self) -> Sequence[Need]:
        """What each pod needs of all that can be there at once, those of an update included."""
        names = [*self.images, "migrate"]
        counts = {service: most(self.replicas.get(service, 1)) for service in names}
        rolling = counts.keys() - _ONE_AFTER_ANOTHER
        return [
            *(
                self.generation.contract(service).need
                for service, count in counts.items()
                for _ in range(count + (service in rolling))
            ),
            *(contract.need for contract in self.generation.recurring),
        ]

    @property
    def connections(self) -> int:
        """How many connections the database must have room for."""
        return demand(most(self.replicas.get("ov-wag", 1)), self.generation.concurrency)

    @classmethod
    def load(cls, stack: str, companions: Sequence[Companion] = ()) -> Settings:
        """Read the configuration of *stack*, or say everything that is wrong with it at once.

        *companions* are all there are; the stack runs those that its settings name an image of.
        """
        if stack not in NAMESPACES:
            raise pulumi.RunError(_no_such_stack(stack))
        read = Reader(stack)
        origins = Origins(read, [each.name for each in companions])
        generation = replace(
            read.one_of("generation", GENERATIONS),
            companions={each.name: each.contract for each in companions},
        )
        site, admin = entrance.addresses(read)
        backend_image, frontend_image = origins.image("backend"), origins.image("frontend")
        tried(read, generation, backend_image, frontend_image)
        apart(read)
        protect = read.flag("protect")
        database_image = origins.image("database")
        beside = {each.name: origins.companion_image(each.name) for each in companions}
        settings = cls(
            namespace=stack,
            site=site,
            admin=admin,
            door=entrance.door(read),
            kube_context=read.some("kubeContext", stack),
            protect=protect,
            generation=replace(
                size.tuned(read, generation), reindex_at=services.times(read, generation)
            ),
            replicas=scaling.pods(read, generation),
            backend_image=backend_image,
            frontend_image=frontend_image,
            database_image=database_image,
            proxy_image=origins.image("proxy"),
            jumpbox_image=origins.optional_image("jumpbox"),
            companions=[each for each in companions if beside[each.name]],
            companion_images={name: source for name, source in beside.items() if source},
            docker_host=read.docker_host("dockerHost"),
            registries=origins.registries("registries"),
            storage=storage.storage(
                read,
                protect=protect,
                generation=generation.name,
                database=database_image,
            ),
            backups=backups.backups(read),
            services=services.services(read, generation, site, admin),
            admin_user=read.matching("adminUser", "letters, digits and @.+-_", "admin", _USER),
            admin_email=read.matching(
                "adminEmail", "an e-mail address", "editors@example.org", _EMAIL
            ),
            admin_password=read.secret("adminPassword", 12),
            database_password=read.secret("databasePassword", 16),
            secret_key=read.secret("secretKey", 50),
        )
        size.connections(read, settings.generation, settings.connections)
        volumes = [mebibytes(kept.volume.size) for kept in settings.storage.kept.values()]
        place = rancher.rancher(read, protect=protect, needs=settings.needs, volumes=volumes)
        read.finish()
        return replace(settings, rancher=place)


def _no_such_stack(stack: str) -> str:
    return (
        f"Stack {stack!r} is none of this program's: a stack has the name of its namespace, "
        f"and these are {' and '.join(NAMESPACES)}. Nothing was changed.\n"
        f"    Type: pulumi stack select {NAMESPACES[-1]}"
    )

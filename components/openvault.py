"""The whole site, wired."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from components import demand
from components.backend import Administrator, Backend, BackendArgs
from components.choices.rancher import Rancher
from components.companion import CompanionArgs, Neighbours
from components.db import Database, DatabaseArgs
from components.frontend import Frontend, FrontendArgs
from components.image import Image, ImageArgs
from components.jumpbox import Jumpbox, JumpboxArgs
from components.namespace import Namespace, NamespaceArgs
from components.options import owned
from components.project import Project, ProjectArgs
from components.proxy import Proxy, ProxyArgs
from components.registry import RegistryAccess, RegistryAccessArgs
from components.room import Room, RoomArgs
from components.settings import Settings

# Services that a site may do without: each a module here, of the same name, that says what it is.
# How to write one is told in docs/contributing/add-a-service.md.
COMPANIONS: tuple[str, ...] = ()


class OpenVault(pulumi.ComponentResource):
    """Every service of one site, in the namespace that carries its name.

    A request's way: proxy → front end → back end → database.
    """

    # What an operator, and the tools of one, want to know of a site; no secret.
    outputs: Mapping[str, object]

    def __init__(
        self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        mine = pulumi.ResourceOptions(transformations=[owned])
        super().__init__(
            "openvault:components:OpenVault",
            name,
            None,
            pulumi.ResourceOptions.merge(opts, mine),
        )
        child = pulumi.ResourceOptions(parent=self)
        generation = settings.generation

        cluster = k8s.Provider(
            name,
            context=settings.kube_context,
            namespace=name,
            # Found as kubectl finds it, and no part of the state: it may move and be renewed.
            kubeconfig="",
            # A stack lives in one cluster for good. Without this, another server address
            # would be another cluster, and everything here would be deleted and made anew.
            cluster_identifier=name,
            enable_server_side_apply=True,
            # Changed in place; whoever reads them in a pod is marked by their revision.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
            opts=child,
        )
        # Only for who needs it: a component waits for every provider it is given.
        builders: list[pulumi.ProviderResource] = []
        if any(source.build for source in settings.images.values()):
            builders.append(
                demand.docker.Provider(name, host=settings.docker_host or None, opts=child)
            )
        here = pulumi.ResourceOptions(parent=self, providers=[cluster])
        membership: Mapping[str, pulumi.Input[str]] = {}
        if settings.rancher:
            membership = self._project(name, settings.rancher).membership
        namespace = Namespace(
            name, NamespaceArgs(protect=settings.protect, membership=membership), opts=here
        )
        inside = pulumi.ResourceOptions(parent=self, providers=[cluster], depends_on=[namespace])
        room = Room(name, RoomArgs(needs=settings.needs), opts=inside)
        within = pulumi.ResourceOptions(
            parent=self, providers=[cluster], depends_on=[namespace, room]
        )

        pull_secret = None
        if settings.registries:
            known = RegistryAccessArgs(credentials=tuple(settings.registries.values()))
            pull_secret = RegistryAccess("registries", known, opts=within).secret
        images = {
            service: Image(
                service,
                ImageArgs(
                    source=source,
                    credentials=settings.registries.get(source.reference.registry),
                    pull_secret=pull_secret,
                ),
                opts=pulumi.ResourceOptions(parent=self, providers=builders),
            ).artifact
            for service, source in settings.images.items()
        }
        db = Database(
            "db",
            DatabaseArgs(
                image=images["db"],
                contract=generation.database,
                password=settings.database_password,
                connections=settings.connections,
                volume=settings.storage.kept["ov-db"].volume,
            ),
            opts=within,
        )
        backend = Backend(
            "ov-wag",
            BackendArgs(
                image=images["ov-wag"],
                generation=generation,
                database=db.endpoint,
                site=settings.site,
                admin=settings.admin,
                secret_key=settings.secret_key,
                administrator=Administrator(
                    name=settings.admin_user,
                    email=settings.admin_email,
                    password=settings.admin_password,
                ),
                outside=settings.services.backend,
                volumes={
                    "static": settings.storage.kept["ov-static"].volume,
                    "media": settings.storage.kept["ov-media"].volume,
                },
                replicas=settings.replicas.get("ov-wag", 1),
            ),
            opts=within,
        )
        frontend = Frontend(
            "ov-frontend",
            FrontendArgs(
                image=images["ov-frontend"],
                contract=generation.frontend,
                api=backend.endpoint,
                outside=settings.services.frontend,
                replicas=settings.replicas.get("ov-frontend", 1),
            ),
            opts=within,
        )
        site = Neighbours(
            database=db.endpoint, backend=backend.endpoint, frontend=frontend.endpoint
        )
        for companion in settings.companions:
            args = CompanionArgs(
                image=images[companion.name],
                contract=generation.contract(companion.name),
                site=site,
                replicas=settings.replicas.get(companion.name, 1),
            )
            companion.service(companion.name, args, within)
        Proxy(
            "ov-nginx",
            ProxyArgs(
                image=images["ov-nginx"],
                contract=generation.proxy,
                site=settings.site,
                admin=settings.admin,
                frontend=frontend.endpoint,
                backend=backend.endpoint,
                door=settings.door,
                routes={each.path: each.endpoint for each in settings.companions if each.path},
                replicas=settings.replicas.get("ov-nginx", 1),
            ),
            opts=within,
        )
        if "jumpbox" in images:
            Jumpbox(
                "jumpbox",
                JumpboxArgs(
                    image=images["jumpbox"], contract=generation.jumpbox, database=db.endpoint
                ),
                opts=within,
            )

        self.outputs = {
            "siteUrl": settings.site.url,
            "adminUrl": settings.admin.url,
            "namespace": namespace.name,
            "images": {service: image.reference for service, image in images.items()},
            # The version of each image that people speak of.
            "release": {service: at.reference.tag or "" for service, at in settings.images.items()},
            "backups": settings.backups.output if settings.backups else {},
            # What the services outside have to be told of this stack.
            "outside": settings.services.told,
        }
        self.register_outputs({**self.outputs})

    def _project(self, name: str, wanted: Rancher) -> Project:
        provider = demand.rancher2.Provider(
            name,
            api_url=wanted.url,
            token_key=pulumi.Output.secret(wanted.token),
            ca_certs=wanted.authority or None,
            insecure=False,
            bootstrap=False,
            # It asks that long whether anybody is there; the program has asked already.
            timeout="30s",
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Project(
            name,
            ProjectArgs(wanted=wanted),
            opts=pulumi.ResourceOptions(parent=self, providers=[provider]),
        )

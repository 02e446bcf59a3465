"""Wagtail: the CMS and the API the front end reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from components.artifact import Artifact
from components.contract import Generation
from components.endpoint import (
    Address,
    DatabaseEndpoint,
    SecretValue,
    SiteEndpoint,
    digest,
    sealed,
)
from components.naming import labels
from components.options import children
from components.outside import Outside
from components.scale import Scale
from components.schedule import Schedule, ScheduleArgs
from components.volume import Volume, VolumeArgs
from components.way import Way, WayArgs
from components.workload import Environment, Workload, WorkloadArgs, pod

MIGRATION = "migrate"
REINDEX = "reindex"


@dataclass(frozen=True, kw_only=True, slots=True)
class Administrator:
    """Who is let into the CMS first."""

    name: str
    email: str
    password: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class BackendArgs:
    """What Wagtail needs to start."""

    image: Artifact
    generation: Generation
    database: DatabaseEndpoint
    site: Address
    admin: Address
    secret_key: pulumi.Input[str]
    administrator: Administrator
    outside: Outside
    # By what they hold, as in the contract.
    volumes: Mapping[str, VolumeArgs]
    replicas: int | Scale


class Backend(pulumi.ComponentResource):
    """Serve the CMS to editors and the API to the front end, on a database that fits the code."""

    endpoint: SiteEndpoint

    def __init__(
        self, name: str, args: BackendArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Backend", name, None, opts)
        child = children(self, opts)
        contract = args.generation.backend
        secrets = {"OV_SECRET_KEY": args.secret_key, **args.outside.secrets}

        credentials = k8s.core.v1.Secret(
            f"{name}-credentials",
            metadata={"name": f"{name}-credentials", "labels": labels(name)},
            string_data=secrets,
            opts=child,
        )
        administrator = k8s.core.v1.Secret(
            f"{name}-administrator",
            metadata={"name": f"{name}-administrator", "labels": labels(name)},
            string_data={"DJANGO_SUPERUSER_PASSWORD": args.administrator.password},
            opts=child,
        )
        env = _environment(name, args) | sealed(credentials.metadata.name, secrets)
        first = _administrator(args.administrator, administrator.metadata.name)
        claims = {
            content: Volume(f"ov-{content}", args.volumes[content], opts=child).claim
            for content in contract.volumes
        }

        way = Way(
            MIGRATION,
            WayArgs(
                asks=[args.database.pods],
                reach=args.outside.reach(args.generation.migration.reaches),
            ),
            opts=child,
        )
        spec = _migration(args, {**env, **first})
        migration = k8s.batch.v1.Job(
            f"{name}-{MIGRATION}",
            metadata={
                # Named after all it does, for a Job never changes: other work is another Job.
                "name": pulumi.Output.json_dumps(spec).apply(_named),
                "labels": labels(MIGRATION),
                # One that has failed is tried again by the next `up`.
                "annotations": {"pulumi.com/replaceUnready": "true"},
            },
            spec=spec,
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    depends_on=[way],
                    custom_timeouts=pulumi.CustomTimeouts(create="5m"),
                    # After a release that failed, going back asks for a name that is still taken:
                    # the new Job would be the old one, and be deleted as such.
                    delete_before_replace=True,
                ),
            ),
        )
        workload = Workload(
            name,
            WorkloadArgs(
                image=args.image,
                contract=contract,
                env=env,
                claims=claims,
                after=[migration],
                asks=[args.database.pods],
                reach=args.outside.reach(contract.reaches),
                replicas=args.replicas,
            ),
            opts=child,
        )

        if reindex := args.generation.reindex:
            Schedule(
                REINDEX,
                ScheduleArgs(
                    at=args.generation.reindex_at,
                    runs=WorkloadArgs(
                        image=replace(args.image, promise=None),
                        contract=reindex,
                        env=env,
                        after=[migration],
                        asks=[args.database.pods],
                        reach=args.outside.reach(reindex.reaches),
                    ),
                ),
                opts=child,
            )

        self.endpoint = SiteEndpoint(
            host=workload.endpoint.host,
            port=workload.endpoint.port,
            pods=workload.endpoint.pods,
            claims=claims,
        )
        self.register_outputs({"host": self.endpoint.host, "port": self.endpoint.port})


def _environment(name: str, args: BackendArgs) -> dict[str, pulumi.Input[str] | SecretValue]:
    """Return what every pod of this image is offered; its contract says what it reads."""
    database = args.database
    return {
        **args.outside.env,
        "DJANGO_SETTINGS_MODULE": args.generation.settings_module,
        # Its own name is what the front end and the probes ask for.
        "OV_ALLOWED_HOSTS": f"{name},{args.admin.host},{args.site.host}",
        "OV_TRUSTED_ORIGINS": f"{args.admin.url},{args.site.url}",
        # Here with the path, which the front end adds to its own address of the same name.
        "OV_API_URL": f"http://{name}/api/v2",
        "OV_BASE_URL": args.site.url,
        "OV_ADMIN_BASE_URL": args.admin.url,
        "OV_DB_ENGINE": "django.db.backends.postgresql",
        "OV_DB_HOST": database.host,
        "OV_DB_PORT": str(database.port),
        "OV_DB_NAME": database.name,
        "OV_DB_USER": database.user,
        "OV_DB_PASSWORD": database.password,
    }


def _administrator(who: Administrator, secret: pulumi.Input[str]) -> Environment:
    return {
        "DJANGO_SUPERUSER_USERNAME": who.name,
        "DJANGO_SUPERUSER_EMAIL": who.email,
        **sealed(secret, {"DJANGO_SUPERUSER_PASSWORD": who.password}),
    }


def _migration(args: BackendArgs, env: Environment) -> k8s.batch.v1.JobSpecArgsDict:
    # What the image promises is about how it serves, which is not what it does here.
    image = replace(args.image, promise=None)
    runs = WorkloadArgs(image=image, contract=args.generation.migration, env=env)
    spec = pod(MIGRATION, runs)
    spec["restart_policy"] = "Never"
    # No time to live: a Job that is gone would be run again by the next refresh.
    return {
        "backoff_limit": 3,
        "template": {"metadata": {"labels": labels(MIGRATION)}, "spec": spec},
    }


def _named(spec: str) -> str:
    """Return the name of the Job that does what *spec* says, and of no other."""
    canonical = json.dumps(json.loads(spec), sort_keys=True)
    return f"{MIGRATION}-{digest(canonical)}"

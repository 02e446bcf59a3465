"""Pods: what every one of them has in common, and the Deployment and Service around most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from components.artifact import Artifact
from components.contract import Check, Contract
from components.endpoint import Endpoint, Pods, SecretValue
from components.naming import TOGETHER, labels, volume
from components.options import AT_ONCE, children
from components.outside import Reach
from components.scale import Scale, autoscaler, most
from components.way import Way, WayArgs

HTTP = 80

# Three minutes without an answer are a server that hangs. Half a minute is a node that is busy:
# it takes no requests meanwhile, and a restart would make the node busier.
_SILENCE: k8s.core.v1.ProbeArgsDict = {"period_seconds": 30, "failure_threshold": 6}

Environment = Mapping[str, "pulumi.Input[str] | SecretValue"]
Claims = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadArgs:
    """What a pod runs: an image, its contract, and what the stack offers to fulfil it."""

    image: Artifact
    contract: Contract
    env: Environment
    # Volume claims by what they hold, as the contract's volumes are.
    claims: Claims = field(default_factory=dict[str, pulumi.Input[str]])
    read_only: bool = False
    # What must have ended well before a pod starts.
    after: Sequence[pulumi.Resource] = ()
    # Who answers its questions.
    asks: Sequence[Pods] = ()
    reach: Reach | None = None
    replicas: int | Scale = 1


class Workload(pulumi.ComponentResource):
    """Run one image and give it a stable address."""

    endpoint: Endpoint

    def __init__(
        self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Workload", name, None, opts)
        child = children(self, opts)
        meta: k8s.meta.v1.ObjectMetaArgsDict = {"name": name, "labels": labels(name)}

        way = Way(name, WayArgs(asks=args.asks, reach=args.reach), opts=child)
        ready = pulumi.ResourceOptions(depends_on=[way, *args.after])
        k8s.apps.v1.Deployment(
            name,
            metadata=meta,
            spec=deployment(name, args),
            opts=pulumi.ResourceOptions.merge(child, ready),
        )
        if isinstance(args.replicas, Scale):
            k8s.autoscaling.v2.HorizontalPodAutoscaler(
                name, metadata=meta, spec=autoscaler(name, args.replicas), opts=child
            )
        if spreads(args):
            k8s.policy.v1.PodDisruptionBudget(name, metadata=meta, spec=_budget(name), opts=child)
        k8s.core.v1.Service(
            name,
            # It is there at once, so that nobody who starts early looks for it in vain; whether
            # anybody answers behind it is the Deployment's to say.
            metadata={**meta, "annotations": AT_ONCE},
            spec=service(name, HTTP, args.contract),
            opts=child,
        )

        self.endpoint = Endpoint(
            host=name, port=HTTP, pods=Pods(service=name, port=args.contract.port or HTTP)
        )
        self.register_outputs({"host": self.endpoint.host, "port": self.endpoint.port})


def deployment(name: str, args: WorkloadArgs) -> k8s.apps.v1.DeploymentSpecArgsDict:
    """Return a Deployment that replaces its pod without a gap, and says soon when it cannot."""
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {"labels": labels(name)}
    spec = pod(name, args)
    if marks := revisions(args):
        metadata["annotations"] = marks
    if args.claims:
        metadata["labels"] = labels(name) | TOGETHER
        spec["affinity"] = _together()
    if spreads(args):
        spec["topology_spread_constraints"] = [_apart(name)]
    made: k8s.apps.v1.DeploymentSpecArgsDict = {
        "selector": {"match_labels": labels(name)},
        "strategy": {"rolling_update": {"max_surge": 1, "max_unavailable": 0}},
        "progress_deadline_seconds": 150,
        "revision_history_limit": 3,
        "template": {"metadata": metadata, "spec": spec},
    }
    # Left to who scales it: a number here would be put back at every update.
    if not isinstance(args.replicas, Scale):
        made["replicas"] = args.replicas
    return made


def spreads(args: WorkloadArgs) -> bool:
    """Return whether its pods can be on several nodes.

    Those that mount what one node holds cannot. For the same reason nothing may keep a node from
    being emptied of them: the next one starts elsewhere only when all have left.
    """
    return most(args.replicas) > 1 and not args.claims


def service(name: str, port: int, contract: Contract) -> k8s.core.v1.ServiceSpecArgsDict:
    """Return a Service that hands *port* on to the pods called *name*."""
    return {
        "selector": labels(name),
        "ports": [{"port": port, "target_port": contract.port or port}],
    }


def pod(name: str, args: WorkloadArgs) -> k8s.core.v1.PodSpecArgsDict:
    """Return a pod that a `restricted` namespace admits and that the cluster tells nothing."""
    contract = args.contract
    if wrong := contract.disagreements(args.env, args.image.promise):
        raise pulumi.RunError(_disagreement(name, wrong))
    spec: k8s.core.v1.PodSpecArgsDict = {
        "containers": [_server(name, args)],
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": contract.uid,
            "run_as_group": contract.gid,
            "fs_group": contract.gid,
            "fs_group_change_policy": "OnRootMismatch",
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "termination_grace_period_seconds": contract.grace,
        "automount_service_account_token": False,
        # A Service called `db` would set DB_PORT=tcp://… in every pod, and so would any other.
        "enable_service_links": False,
    }
    if steps := contract.before:
        spec["init_containers"] = [_container(step, args, do) for step, do in steps.items()]
    if args.image.pull_secret is not None:
        spec["image_pull_secrets"] = [{"name": args.image.pull_secret}]
    if volumes := [*_scratch(contract), *_claimed(args)]:
        spec["volumes"] = volumes
    return spec


def revisions(args: WorkloadArgs) -> dict[str, pulumi.Input[str]]:
    """Return a mark for each secret a pod reads, so that a new one starts a new pod."""
    return {
        f"secret.openvault/{key}": value.revision
        for key, value in args.contract.environment(args.env).items()
        if isinstance(value, SecretValue)
    }


def _disagreement(name: str, wrong: Sequence[str]) -> str:
    """Say why the image called *name* would not work as this program would run it."""
    return (
        f"{name} would not work with its image.\n"
        + "\n".join(f"- {each}." for each in wrong)
        + "\n    Type: ./ov images pin "
        f"{name} REFERENCE --stack STACK    with an image made for this program, or change "
        "components/generations together with the image"
    )


def _server(name: str, args: WorkloadArgs) -> k8s.core.v1.ContainerArgsDict:
    contract = args.contract
    server = _container(name, args, contract.command)
    if contract.port:
        server["ports"] = [{"container_port": contract.port}]
    if contract.waits:
        server["startup_probe"] = _waiting(contract, contract.waits(contract))
    if contract.alive:
        server["liveness_probe"] = _probe(contract.alive, contract) | _SILENCE
    if contract.ready:
        often: k8s.core.v1.ProbeArgsDict = {"period_seconds": 5}
        server["readiness_probe"] = _probe(contract.ready, contract) | often
    if contract.drain:
        # By then every node has heard that this pod takes no new requests.
        server["lifecycle"] = {"pre_stop": {"sleep": {"seconds": contract.drain}}}
    return server


def _container(
    name: str, args: WorkloadArgs, command: Sequence[str]
) -> k8s.core.v1.ContainerArgsDict:
    contract = args.contract
    mounts: list[k8s.core.v1.VolumeMountArgsDict] = [
        {"name": volume(folder), "mount_path": f"/{folder}"} for folder in contract.scratch
    ]
    for content in args.claims:
        path = contract.volumes[content]
        mounts.append({"name": content, "mount_path": path, "read_only": args.read_only})
    container: k8s.core.v1.ContainerArgsDict = {
        "name": name,
        "image": args.image.reference,
        "env": _environment(args),
        "resources": {
            "requests": {"cpu": f"{contract.need.cpu}m", "memory": f"{contract.need.memory}Mi"},
            "limits": {"memory": f"{contract.need.memory_limit}Mi"},
        },
        "security_context": {
            "allow_privilege_escalation": False,
            "capabilities": {"drop": ["ALL"]},
            "read_only_root_filesystem": True,
        },
    }
    if mounts:
        container["volume_mounts"] = mounts
    if command:
        container["command"] = [*command]
    return container


def _environment(args: WorkloadArgs) -> list[k8s.core.v1.EnvVarArgsDict]:
    given = args.contract.environment(args.env)
    for key in sorted(args.contract.secret & given.keys()):
        if not isinstance(given[key], SecretValue):
            raise TypeError(f"{key} must come out of a Secret")
    return [_variable(key, value) for key, value in given.items()]


def _variable(key: str, value: pulumi.Input[str] | SecretValue) -> k8s.core.v1.EnvVarArgsDict:
    if isinstance(value, SecretValue):
        reference: k8s.core.v1.SecretKeySelectorArgsDict = {"name": value.secret, "key": value.key}
        return {"name": key, "value_from": {"secret_key_ref": reference}}
    return {"name": key, "value": value}


def _waiting(contract: Contract, command: Sequence[str]) -> k8s.core.v1.ProbeArgsDict:
    """Return one long question, which is asked again only if something kept it from being asked."""
    return {
        "exec_": {"command": [*command]},
        "initial_delay_seconds": contract.start,
        "period_seconds": 1,
        "timeout_seconds": contract.patience,
        "failure_threshold": 3,
    }


def _probe(check: Check, contract: Contract) -> k8s.core.v1.ProbeArgsDict:
    timing: k8s.core.v1.ProbeArgsDict = {"timeout_seconds": check.timeout}
    if check.command:
        return {"exec_": {"command": [*check.command]}, **timing}
    page: k8s.core.v1.HTTPGetActionArgsDict = {"path": check.path, "port": contract.port or HTTP}
    if check.host:
        page["http_headers"] = [{"name": "Host", "value": check.host}]
    return {"http_get": page, **timing}


def _scratch(contract: Contract) -> list[k8s.core.v1.VolumeArgsDict]:
    return [_empty(folder, medium) for folder, medium in contract.scratch.items()]


def _empty(folder: str, medium: str) -> k8s.core.v1.VolumeArgsDict:
    in_memory: k8s.core.v1.EmptyDirVolumeSourceArgsDict = {"medium": medium, "size_limit": "64Mi"}
    return {"name": volume(folder), "empty_dir": in_memory if medium else {}}


def _claimed(args: WorkloadArgs) -> list[k8s.core.v1.VolumeArgsDict]:
    return [
        {"name": content, "persistent_volume_claim": {"claim_name": claim}}
        for content, claim in args.claims.items()
    ]


def _budget(name: str) -> k8s.policy.v1.PodDisruptionBudgetSpecArgsDict:
    return {
        "selector": {"match_labels": labels(name)},
        "max_unavailable": 1,
        # One that does not answer is no reason to keep a node.
        "unhealthy_pod_eviction_policy": "AlwaysAllow",
    }


def _apart(name: str) -> k8s.core.v1.TopologySpreadConstraintArgsDict:
    return {
        "max_skew": 1,
        "topology_key": "kubernetes.io/hostname",
        # Better two on one node than one too few.
        "when_unsatisfiable": "ScheduleAnyway",
        "label_selector": {"match_labels": labels(name)},
        "match_label_keys": ["pod-template-hash"],
    }


def _together() -> k8s.core.v1.AffinityArgsDict:
    """Return the wish to be where the others are who mount what one node holds at a time.

    The first of them goes anywhere: a pod that carries the label itself may be the first.
    """
    others: k8s.core.v1.PodAffinityTermArgsDict = {
        "label_selector": {"match_labels": TOGETHER},
        "topology_key": "kubernetes.io/hostname",
    }
    return {"pod_affinity": {"required_during_scheduling_ignored_during_execution": [others]}}

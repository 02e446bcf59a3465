"""The fields of Kubernetes' objects that the sandbox's controllers read."""

from __future__ import annotations

from typing import TypedDict

Labels = dict[str, str]


class Metadata(TypedDict, total=False):
    """What every object has."""

    name: str
    namespace: str
    uid: str
    labels: Labels
    annotations: dict[str, str]
    creationTimestamp: str


class Object(TypedDict):
    """Any object."""

    metadata: Metadata


class Expression(TypedDict, total=False):
    """One requirement on a label."""

    key: str
    operator: str
    values: list[str]


class Selector(TypedDict, total=False):
    """Which labels an object must have."""

    matchLabels: Labels
    matchExpressions: list[Expression]


# Pods


class ContainerPort(TypedDict, total=False):
    """A port that a container declares."""

    name: str
    containerPort: int
    protocol: str


class Container(TypedDict, total=False):
    """A container of a pod."""

    ports: list[ContainerPort]


class PodSpec(TypedDict, total=False):
    """What a pod is to be."""

    hostNetwork: bool
    containers: list[Container]
    initContainers: list[Container]


class Condition(TypedDict, total=False):
    """One thing that is so or not."""

    type: str
    status: str


class PodStatus(TypedDict, total=False):
    """What a pod is."""

    podIP: str
    phase: str
    conditions: list[Condition]


class Pod(Object):
    """A pod."""

    spec: PodSpec
    status: PodStatus


class Namespace(Object):
    """A namespace."""


# Network policies


IPBlock = TypedDict("IPBlock", {"cidr": str, "except": list[str]}, total=False)


class Peer(TypedDict, total=False):
    """Who is at the other end."""

    podSelector: Selector
    namespaceSelector: Selector
    ipBlock: IPBlock


class PolicyPort(TypedDict, total=False):
    """A port that a policy opens."""

    protocol: str
    port: int | str
    endPort: int


Rule = TypedDict(
    "Rule", {"from": list[Peer], "to": list[Peer], "ports": list[PolicyPort]}, total=False
)


class PolicySpec(TypedDict, total=False):
    """Whom a policy isolates, and what it lets through."""

    podSelector: Selector
    policyTypes: list[str]
    ingress: list[Rule]
    egress: list[Rule]


class Policy(Object):
    """A NetworkPolicy."""

    spec: PolicySpec


# The edge


class ServicePort(TypedDict, total=False):
    """A port of a Service."""

    name: str
    port: int
    protocol: str


class ServiceSpec(TypedDict, total=False):
    """Where a Service is reached."""

    type: str
    clusterIP: str
    ports: list[ServicePort]


class LoadBalancerIngress(TypedDict, total=False):
    """An address given to a Service or an Ingress."""

    ip: str
    hostname: str


class LoadBalancer(TypedDict, total=False):
    """The addresses given to a Service or an Ingress."""

    ingress: list[LoadBalancerIngress]


class Balanced(TypedDict, total=False):
    """The status of what has an address from outside."""

    loadBalancer: LoadBalancer


class Service(Object):
    """A Service."""

    spec: ServiceSpec
    status: Balanced


class BackendPort(TypedDict, total=False):
    """A Service's port, by number or by name."""

    number: int
    name: str


class BackendService(TypedDict, total=False):
    """A Service that answers for a path."""

    name: str
    port: BackendPort


class Backend(TypedDict, total=False):
    """Who answers for a path."""

    service: BackendService


class HttpPath(TypedDict, total=False):
    """A path of a host."""

    path: str
    pathType: str
    backend: Backend


class Http(TypedDict, total=False):
    """The paths of a host."""

    paths: list[HttpPath]


class IngressRule(TypedDict, total=False):
    """A host."""

    host: str
    http: Http


class IngressTls(TypedDict, total=False):
    """Whose certificate a host shows."""

    hosts: list[str]
    secretName: str


class IngressSpec(TypedDict, total=False):
    """Which hosts and paths lead where."""

    ingressClassName: str
    rules: list[IngressRule]
    tls: list[IngressTls]
    defaultBackend: Backend


class Ingress(Object):
    """An Ingress."""

    spec: IngressSpec
    status: Balanced


class Secret(Object):
    """A Secret, its values in base 64."""

    data: dict[str, str]


# Volumes


class Requests(TypedDict, total=False):
    """What a claim asks for."""

    requests: dict[str, str]


class ClaimSpec(TypedDict, total=False):
    """The volume a claim asks for."""

    accessModes: list[str]
    resources: Requests
    storageClassName: str
    volumeMode: str


class Phase(TypedDict, total=False):
    """How far a claim or a volume is."""

    phase: str


class Claim(Object):
    """A PersistentVolumeClaim."""

    spec: ClaimSpec
    status: Phase


class VolumeSpec(TypedDict, total=False):
    """What becomes of a volume when its claim is gone."""

    persistentVolumeReclaimPolicy: str


class Volume(Object):
    """A PersistentVolume."""

    spec: VolumeSpec
    status: Phase

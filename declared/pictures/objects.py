"""Objects of a namespace, sorted for whoever draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from declared.pictures.policies import Object, Pods, Way, matches, ways

_NAME = "app.kubernetes.io/name"
_MAKERS = ("Deployment", "StatefulSet", "Job", "CronJob")


@dataclass(frozen=True, kw_only=True, slots=True)
class Maker:
    """An object of which pods come, by the name that its pods have for people."""

    name: str
    object: Object

    @property
    def kind(self) -> str:
        """Deployment, StatefulSet, Job or CronJob."""
        return self.object["kind"]

    @property
    def template(self) -> Object:
        """The template of its pods."""
        spec = self.object["spec"]
        return spec.get("jobTemplate", {"spec": spec})["spec"]["template"]

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of its pods."""
        return self.template["metadata"]["labels"]

    @property
    def containers(self) -> Sequence[Object]:
        """The containers of a pod, those first that run for good."""
        spec = self.template["spec"]
        return [*spec["containers"], *spec.get("initContainers", [])]

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of its first container that are no secret."""
        found = self.containers[0].get("env", [])
        return {each["name"]: each["value"] for each in found if "value" in each}

    @property
    def ports(self) -> Mapping[int, str]:
        """The ports that its pods listen on, and what each is called, if anything."""
        return {
            int(port["containerPort"]): str(port.get("name", ""))
            for container in self.containers
            for port in container.get("ports", [])
        }

    @property
    def mounts(self) -> Mapping[str, bool]:
        """The volume claims it mounts, and whether it writes to them."""
        claims = {
            each["name"]: each["persistentVolumeClaim"]["claimName"]
            for each in self.template["spec"].get("volumes", [])
            if "persistentVolumeClaim" in each
        }
        found: dict[str, bool] = {}
        for container in self.containers:
            for mount in container.get("volumeMounts", []):
                if claim := claims.get(mount["name"]):
                    found[claim] = found.get(claim, False) or not mount.get("readOnly", False)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Namespace:
    """All objects of one namespace."""

    name: str
    objects: Sequence[Object]

    def all(self, kind: str) -> list[Object]:
        """Return the objects of a kind, in the order of their names."""
        found = [each for each in self.objects if each["kind"] == kind]
        return sorted(found, key=lambda each: each["metadata"]["name"])

    @property
    def makers(self) -> list[Maker]:
        """All that makes pods; of several Jobs for one purpose, the last."""
        found: dict[str, Maker] = {}
        for kind in _MAKERS:
            for each in sorted(self.all(kind), key=_age):
                maker = Maker(name=_name(each), object=each)
                found[maker.name] = maker
        return list(found.values())

    @property
    def ways(self) -> list[Way]:
        """Who may ask whom."""
        return ways(self.all("NetworkPolicy"), [pods(each) for each in self.makers], self.name)

    def behind(self, service: str) -> Maker | None:
        """Return who answers to the name of a Service; None if nobody does."""
        for each in self.all("Service"):
            if each["metadata"]["name"] == service:
                selector = {"matchLabels": each["spec"].get("selector", {})}
                return next((at for at in self.makers if matches(selector, at.labels)), None)
        return None

    @property
    def entrances(self) -> set[str]:
        """Those to whom an Ingress leads."""
        found = [self.behind(service) for service in self._entered()]
        return {each.name for each in found if each}

    @property
    def hosts(self) -> list[str]:
        """The names under which the site is asked for from outside."""
        rules = [rule for each in self.all("Ingress") for rule in each["spec"].get("rules", [])]
        return list(dict.fromkeys(rule.get("host", "any host") for rule in rules))

    def _entered(self) -> Iterator[str]:
        for ingress in self.all("Ingress"):
            for rule in ingress["spec"].get("rules", []):
                for path in rule["http"]["paths"]:
                    yield path["backend"]["service"]["name"]


def pods(maker: Maker) -> Pods:
    """Return what the network knows of a maker's pods."""
    return Pods(name=maker.name, labels=maker.labels, ports=maker.ports)


def _name(maker: Object) -> str:
    """Return what its pods are called; an object of its own name where they are not."""
    labels = Maker(name="", object=maker).template["metadata"].get("labels", {})
    return labels.get(_NAME, maker["metadata"]["name"])


def _age(maker: Object) -> Any:
    return maker["metadata"].get("creationTimestamp", "")

"""What a cluster and a machine give each container, in words that can be compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from declared.development.pods import mounts, owner
from declared.engine import Engine, Inputs, Resource, environment_value
from declared.stacks import DIGEST

# A service and what is said of it → what it is there.
Facts = Mapping[tuple[str, str], Any]

# Port 80 is asked by who names none.
_USUAL = 80

_DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
_REQUIRED = re.compile(r"\$\{(\w+):\?[^}]*\}")
_ADDRESS = re.compile(r"(?:http://)?([a-z][a-z-]*)(?::(\d+))?(?:/.*)?")


def of_cluster(engine: Engine, secrets: Mapping[str, str]) -> Facts:
    """Return what the pods get; *secrets* has the name of each secret value."""
    built = {
        each.name: each.inputs for each in engine.seen if each.type == "docker:index/image:Image"
    }
    published = {
        image: built[name]["imageName"] if name in built else image.removesuffix(f"@{DIGEST}")
        for name, image in engine.exports["images"].items()
    }
    behind = _behind(engine)
    facts: dict[tuple[str, str], Any] = {}
    for pod in engine.pods:
        for container in (*pod.pod.get("initContainers", []), pod.container):
            env = {each["name"]: _secret(engine, each, secrets) for each in container["env"]}
            name = container["name"]
            own = {
                "image": published[container["image"]],
                "command": container.get("command"),
                "ports": [str(int(each["containerPort"])) for each in container.get("ports", [])],
                **_restrictions(pod, container),
                **_environment(env, {name for name, _ in behind}, behind.get),
            }
            facts |= {(name, fact): value for fact, value in own.items()}
    for each in engine.all("Ingress"):
        hosts = [rule["host"] for rule in each.inputs["spec"]["rules"]]
        facts[each.name, "entrance"] = ("https", *hosts)
    for name, inputs in built.items():
        facts[name, "build"] = (inputs["build"]["context"], sorted(inputs["build"]["args"]))
    return facts


def _behind(engine: Engine) -> Mapping[tuple[str, int], tuple[str, int]]:
    """Return the port of a container behind each port of a Service."""
    return {
        (each.object_name, int(port["port"])): (each.object_name, int(port["targetPort"]))
        for each in engine.all("Service")
        for port in each.inputs["spec"]["ports"]
    }


def _secret(engine: Engine, variable: Inputs, secrets: Mapping[str, str]) -> str:
    value = environment_value(variable)
    if isinstance(value, str):
        return value
    name, key = value
    (secret,) = (each for each in engine.all("Secret") if each.object_name == name)
    return f"secret {secrets[secret.inputs['stringData'][key]]}"


def _restrictions(pod: Resource, container: Inputs) -> dict[str, Any]:
    security = container["securityContext"]
    claimed = {mount["mountPath"]: claim for claim, mount in mounts(pod.pod, container)}
    volumes = {
        f"volume at {mount['mountPath']}": (claim, bool(mount.get("readOnly")))
        for claim, mount in mounts(pod.pod, container)
    }
    scratch = {
        f"scratch at {mount['mountPath']}": True
        for mount in container.get("volumeMounts", [])
        if mount["mountPath"] not in claimed
    }
    return {
        "user": owner(pod.pod),
        "read-only": security["readOnlyRootFilesystem"],
        "capabilities": security["capabilities"]["drop"],
        "more privileges": security["allowPrivilegeEscalation"],
        "memory": container["resources"]["limits"]["memory"].removesuffix("i").lower(),
        **volumes,
        **scratch,
    }


def of_compose(document: Mapping[str, Any]) -> Facts:
    """Return what the services of a compose file get where nobody chooses otherwise."""
    facts: dict[tuple[str, str], Any] = {}
    services: Mapping[str, Any] = _filled(document["services"])
    listening = {
        (name, int(port)): (name, int(port))
        for name, service in services.items()
        for port in service.get("expose", [])
    }
    for name, service in services.items():
        mounted = [each.split(":") for each in service.get("volumes", [])]
        scratch = [each.split(":")[0] for each in service.get("tmpfs", [])]
        scratch += ["/dev/shm"] if "shm_size" in service else []  # noqa: S108
        own = {
            "image": service["image"],
            "command": service.get("entrypoint"),
            "ports": service.get("expose", []),
            "user": service["user"],
            "read-only": service["read_only"],
            "capabilities": service["cap_drop"],
            "more privileges": "no-new-privileges:true" not in service["security_opt"],
            "memory": service.get("mem_limit"),
            **{f"volume at {to}": (claim, mode == ["ro"]) for claim, to, *mode in mounted},
            **{f"scratch at {path}": True for path in scratch},
            **_environment(service.get("environment", {}), set(services), listening.get),
        }
        if "ports" in service:
            hosts = {service["environment"][f"{host}_HOST"] for host in ("SITE", "ADMIN")}
            own["entrance"] = ("http", *sorted(hosts, key=len))
        if build := service.get("build"):
            own["build"] = (build["context"].removeprefix("./"), sorted(build["args"]))
        facts |= {(name, fact): value for fact, value in own.items()}
    return facts


def _environment(
    env: Mapping[str, str], services: set[str], behind: Callable[[tuple[str, int]], Any]
) -> dict[str, Any]:
    """Return each variable, and for each that is another's address, which port that leads to."""
    facts: dict[str, Any] = {}
    for name, text in env.items():
        facts[f"environment {name}"] = text
        found = _ADDRESS.fullmatch(text)
        if found and found[1] in services:
            beside = env.get(name.replace("HOST", "PORT"), "") if "HOST" in name else ""
            facts[f"route {name}"] = behind((found[1], int(found[2] or beside or _USUAL)))
    return facts


def _filled(value: Any) -> Any:
    """Return *value* as compose reads it, with each variable's usual value."""
    if isinstance(value, dict):
        content = cast("dict[str, Any]", value)
        return {key: _filled(each) for key, each in content.items()}
    if isinstance(value, list):
        return [_filled(each) for each in cast("list[Any]", value)]
    if isinstance(value, str):
        text = _REQUIRED.sub(r"secret \1", value)
        return _DEFAULT.sub(r"\1", text).replace("$$", "$")
    return value

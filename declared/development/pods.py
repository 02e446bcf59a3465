"""The containers of the declared pods, each as compose says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from declared.development.declaration import ADMIN_HOST, HOST, PORT
from declared.engine import Engine, Inputs, Resource
from declared.stacks import DIGEST, ROOT

Service = dict[str, Any]

# By what each image asks its own server for a page: the arguments are page and host.
_PYTHON = (
    "import urllib.request as web; web.urlopen(web.Request('{page}', headers={{'Host': '{host}'}}))"
)
_NODE = (
    "require('http').get('{page}', {{headers: {{Host: '{host}'}}}}, "
    "answer => process.exit(answer.statusCode < 400 ? 0 : 1)).on('error', () => process.exit(1))"
)
ASKING: Mapping[str, tuple[str, ...]] = {
    "ov-wag": ("python", "-c", _PYTHON),
    "ov-frontend": ("node", "-e", _NODE),
    "ov-nginx": ("curl", "--fail", "--silent", "--header", "Host: {host}", "{page}"),
}

# The variable that takes the place of a Dockerfile's base image.
_BASE = re.compile(r"^ARG BASE=(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Pods:
    """Everything that makes pods in one declaration."""

    engine: Engine

    @cached_property
    def ports(self) -> Mapping[str, tuple[int, int]]:
        """The port of each Service, and the one of its pods behind it."""
        services = [each for each in self.engine.all("Service") if "spec" in each.inputs]
        return {
            each.object_name: (int(port["port"]), int(port["targetPort"]))
            for each in services
            for port in each.inputs["spec"]["ports"]
        }

    @cached_property
    def secrets(self) -> Mapping[tuple[str, str], str]:
        """What is in each key of each Secret."""
        return {
            (each.object_name, key): value
            for each in self.engine.all("Secret")
            for key, value in each.inputs["stringData"].items()
        }

    @cached_property
    def images(self) -> Mapping[str, str]:
        """Each service by the image its pods run."""
        return {image: name for name, image in self.engine.exports["images"].items()}

    @cached_property
    def built(self) -> Mapping[str, Inputs]:
        """What is built here, by service."""
        images = (each for each in self.engine.seen if each.type == "docker:index/image:Image")
        return {each.name: each.inputs for each in images}

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """Who writes to each volume, as user:group."""
        return {
            claim: owner(pod.pod)
            for pod in self.engine.pods
            for claim, mount in mounts(pod.pod, pod.container)
            if not mount.get("readOnly")
        }

    def services(self) -> dict[str, Service]:
        """Return a service for every container, in the order in which they start."""
        made: dict[str, Service] = {}
        for pod in sorted(self.engine.pods, key=lambda each: each.name):
            steps = pod.pod.get("initContainers", [])
            for container in (*steps, pod.container):
                made[container["name"]] = self._service(pod, container)
            for step in steps:
                self._after(made[pod.container["name"]], step["name"], "completed_successfully")
        waits = {name: each.get("depends_on", {}) for name, each in made.items()}
        return {
            name: made[name] for name in TopologicalSorter(waits).static_order() if name in made
        }

    def _service(self, pod: Resource, container: Inputs) -> Service:
        made: Service = self._image(container["image"])
        if command := container.get("command"):
            made["entrypoint"] = [escaped(word) for word in command]
        if ports := container.get("ports"):
            made["expose"] = [str(int(each["containerPort"])) for each in ports]
        made["environment"] = {each["name"]: self.value(each) for each in container["env"]}
        made |= restrictions(pod.pod, container)
        if found := mounts(pod.pod, container):
            made["volumes"] = [
                f"{claim}:{mount['mountPath']}{':ro' if mount.get('readOnly') else ''}"
                for claim, mount in found
            ]
            self._after(made, "volumes", "completed_successfully")
        if probe := container.get("readinessProbe"):
            made["healthcheck"] = _health(container, probe)
        for other in self.engine.pods:
            if other.urn in pod.dependencies:
                how = "completed_successfully" if other.kind == "Job" else "healthy"
                self._after(made, other.container["name"], how)
        return made

    def _image(self, reference: str) -> Service:
        service = self.images[reference]
        if service not in self.built:
            published = reference.removesuffix(f"@{DIGEST}")
            return {"image": f"${{{variable(service, 'IMAGE')}:-{published}}}"}
        inputs = self.built[service]
        build = inputs["build"]
        base = _BASE.search((ROOT / build["dockerfile"]).read_text())
        arguments = dict(build["args"])
        if base:
            arguments.setdefault("BASE", f"${{{variable(service, 'BASE')}:-{base[1]}}}")
        context = {"context": f"./{Path(build['context'])}", "args": arguments}
        return {"image": inputs["imageName"], "pull_policy": "build", "build": context}

    def value(self, variable: Inputs) -> str:
        """Return what a variable of the environment is here."""
        if "value" not in variable:
            reference = variable["valueFrom"]["secretKeyRef"]
            return self.secrets[reference["name"], reference["key"]]
        return self.here(escaped(variable["value"]))

    def here(self, text: str) -> str:
        """Return *text* with the addresses of a machine: no TLS, and no Services."""
        if text == "https":
            return "http"
        for host in (HOST, ADMIN_HOST):
            text = text.replace(f"https://{host}:{PORT}", f"http://{host}:{port_here()}")
        for name, (port, target) in self.ports.items():
            if port != target:
                text = re.sub(rf"http://{name}(?=/|$)", f"http://{name}:{target}", text)
                text = re.sub(rf"^{name}:{port}$", f"{name}:{target}", text)
        return text

    @staticmethod
    def _after(service: Service, name: str, how: str) -> None:
        service.setdefault("depends_on", {})[name] = {"condition": f"service_{how}"}


def restrictions(pod: Inputs, container: Inputs) -> Service:
    """Return what a container may do, and how much memory it may take."""
    claimed = {each["name"] for each in pod.get("volumes", []) if "persistentVolumeClaim" in each}
    scratch = {
        mount["mountPath"]: volume["emptyDir"].get("sizeLimit", "")
        for mount in container.get("volumeMounts", [])
        if mount["name"] not in claimed
        for volume in pod["volumes"]
        if volume["name"] == mount["name"]
    }
    made: Service = {
        "user": owner(pod),
        "read_only": container["securityContext"]["readOnlyRootFilesystem"],
        "cap_drop": container["securityContext"]["capabilities"]["drop"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": container["resources"]["limits"]["memory"].removesuffix("i").lower(),
        "stop_grace_period": f"{int(pod['terminationGracePeriodSeconds'])}s",
    }
    # Docker has a /dev/shm of its own, whose size is another word.
    if shared := scratch.pop("/dev/shm", ""):  # noqa: S108, that is its name
        made["shm_size"] = shared.removesuffix("i").lower()
    if scratch:
        made["tmpfs"] = [emptied(path) for path in scratch]
    return made


def emptied(path: str) -> str:
    """Return a folder in memory that is everybody's to write to, as an emptyDir is."""
    return f"{path}:exec,mode=1777"


def mounts(pod: Inputs, container: Inputs) -> list[tuple[str, Inputs]]:
    """Return the claims that a container mounts, each with how."""
    claims = {
        each["name"]: each["persistentVolumeClaim"]["claimName"]
        for each in pod.get("volumes", [])
        if "persistentVolumeClaim" in each
    }
    mounted = container.get("volumeMounts", [])
    return [(claims[each["name"]], each) for each in mounted if each["name"] in claims]


def owner(pod: Inputs) -> str:
    """Return the user and the group of a pod."""
    context = pod["securityContext"]
    return f"{int(context['runAsUser'])}:{int(context['runAsGroup'])}"


def _health(container: Inputs, probe: Inputs) -> Service:
    startup = container["startupProbe"]
    longest = startup["initialDelaySeconds"] + startup["timeoutSeconds"]
    return {
        "test": ["CMD", *_asked(container["name"], probe)],
        "interval": f"{int(probe['periodSeconds'])}s",
        "timeout": f"{int(probe['timeoutSeconds'])}s",
        "start_period": f"{int(longest)}s",
    }


def _asked(name: str, probe: Inputs) -> Iterator[str]:
    if "exec" in probe:
        yield from map(escaped, probe["exec"]["command"])
        return
    get = probe["httpGet"]
    hosts = [each["value"] for each in get.get("httpHeaders", []) if each["name"] == "Host"]
    page = f"http://127.0.0.1:{int(get['port'])}{get['path']}"
    for word in ASKING[name]:
        yield word.format(page=page, host=(hosts or ["127.0.0.1"])[0])


def escaped(text: str) -> str:
    """Return *text* as compose takes it word by word."""
    return text.replace("$", "$$")


def variable(service: str, what: str) -> str:
    """Return the variable by which a person chooses something of a service."""
    return f"OV_{service.removeprefix('ov-').upper()}_{what}"


def port_here() -> str:
    """Return the port of this machine at which the site is."""
    return f"${{OV_PORT:-{PORT}}}"

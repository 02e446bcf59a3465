"""Whether the objects of one stack fit together: each name one of them says, another one has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from declared.engine import Inputs, Resource, environment_value

# Environment that names a neighbour, and the form it is in.
_URL = re.compile(r"http://(?P<host>[a-z][a-z0-9-]*)(?::(?P<port>\d+))?")
_PAIR = re.compile(r"(?P<host>[a-z][a-z0-9-]*):(?P<port>\d+)")
_ASKS = {"OV_API_URL": _URL, "BACKEND_URL": _URL, "FRONTEND": _PAIR, "BACKEND": _PAIR}
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")

# The back end is told its own address under the front end's name for it, and does not ask itself.
_OWN = "/api/v2"
_DATABASE = (("OV_DB_HOST", "OV_DB_PORT"), ("PGHOST", "PGPORT"))


def faults(objects: Sequence[Resource]) -> list[str]:
    """Return everything that would keep a request from going its way."""
    return [
        *_secrets(objects),
        *_claims(objects),
        *_services(objects),
        *_neighbours(objects),
        *_ways(objects),
        *_pictures(objects),
        *_probes(objects),
        *_ingresses(objects),
        *_migration(objects),
        *_hosts(objects),
        *_index(objects),
        *_recurring(objects),
        *_outside(objects),
    ]


def _of(objects: Sequence[Resource], kind: str) -> dict[str, Resource]:
    return {each.object_name: each for each in objects if each.kind == kind}


def _makers(objects: Sequence[Resource]) -> list[Resource]:
    return [each for each in objects if each.makes_pods]


def _containers(maker: Resource) -> Iterator[Inputs]:
    yield from maker.pod["containers"]
    yield from maker.pod.get("initContainers", [])


def _environment(container: Inputs) -> dict[str, Any]:
    return {each["name"]: environment_value(each) for each in container.get("env", [])}


def _ports(maker: Resource) -> set[float]:
    return {
        port["containerPort"]
        for container in maker.pod["containers"]
        for port in container.get("ports", [])
    }


def _secrets(objects: Sequence[Resource]) -> Iterator[str]:
    secrets = _of(objects, "Secret")
    for maker in _makers(objects):
        for container in _containers(maker):
            for name, at in _environment(container).items():
                if not isinstance(at, str):
                    secret, key = at
                    if secret not in secrets:
                        yield f"{maker.object_name}: {name} comes from Secret {secret}: none"
                    elif key not in secrets[secret].inputs["stringData"]:
                        yield f"{maker.object_name}: Secret {secret} has no {key}"


def _claims(objects: Sequence[Resource]) -> Iterator[str]:
    claims = _of(objects, "PersistentVolumeClaim")
    for maker in _makers(objects):
        volumes = {each["name"]: each for each in maker.pod.get("volumes", [])}
        for volume in volumes.values():
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and claim not in claims:
                yield f"{maker.object_name}: there is no claim {claim}"
        for container in _containers(maker):
            mounted = [mount["name"] for mount in container.get("volumeMounts", [])]
            for name in mounted:
                if name not in volumes:
                    yield f"{maker.object_name}: mounts {name}, which is no volume"
    for claim in claims:
        if not any(_mounts(maker, claim) for maker in _makers(objects)):
            yield f"nobody mounts {claim}"


def _mounts(maker: Resource, claim: str) -> bool:
    return any(
        volume.get("persistentVolumeClaim", {}).get("claimName") == claim
        for volume in maker.pod.get("volumes", [])
    )


def _services(objects: Sequence[Resource]) -> Iterator[str]:
    for maker in _makers(objects):
        wanted = maker.inputs["spec"].get("selector", {}).get("matchLabels", {})
        if not wanted.items() <= maker.template["metadata"]["labels"].items():
            yield f"{maker.object_name} does not select its own pods"
        governing = maker.inputs["spec"].get("serviceName")
        if governing and governing not in _of(objects, "Service"):
            yield f"{maker.object_name} is governed by Service {governing}: none"
    for name, service in _of(objects, "Service").items():
        selector = service.inputs["spec"]["selector"].items()
        behind = [
            maker
            for maker in _makers(objects)
            if selector <= maker.template["metadata"]["labels"].items()
        ]
        if len(behind) != 1:
            yield f"Service {name} selects the pods of {len(behind)} objects"
        for maker in behind:
            for port in service.inputs["spec"]["ports"]:
                if port["targetPort"] not in _ports(maker):
                    yield f"Service {name} sends to a port nobody listens on"


def _answers(objects: Sequence[Resource], host: str, port: float) -> bool:
    service = _of(objects, "Service").get(host)
    return service is not None and port in {
        each["port"] for each in service.inputs["spec"]["ports"]
    }


def _asked(env: Mapping[str, Any]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield each variable that names a neighbour, and the form it has to be in."""
    for name, form in _ASKS.items():
        if name in env and not ("OV_DB_HOST" in env and name == "OV_API_URL"):
            yield name, form


def _neighbours(objects: Sequence[Resource]) -> Iterator[str]:
    for maker in _makers(objects):
        for container in _containers(maker):
            env = _environment(container)
            for name, form in _asked(env):
                match = form.fullmatch(env[name])
                if not match or not _answers(objects, match["host"], float(match["port"] or 80)):
                    yield f"{maker.object_name}: nobody answers to {name}={env[name]}"
            for host, port in _DATABASE:
                if host in env and not _answers(objects, env[host], float(env[port])):
                    yield f"{maker.object_name}: no database at {env[host]}:{env[port]}"


def _ways(objects: Sequence[Resource]) -> Iterator[str]:
    """Ask whether the network lets through what each pod asks, to where somebody listens."""
    policies = _of(objects, "NetworkPolicy").values()
    rules = [each.inputs["spec"] for each in policies]
    inside: Inputs = {"podSelector": {}}
    if not any(inside in entry["to"] for rule in rules for entry in rule.get("egress", [])):
        yield "nobody may ask anybody"
    for asker, service in _questions(objects):
        answers = service.inputs["spec"]["selector"]
        for port in service.inputs["spec"]["ports"]:
            way = port["targetPort"]
            if not any(_lets_in(rule, asker, answers, way) for rule in rules):
                yield f"{service.object_name} does not let {asker} in"


def _questions(objects: Sequence[Resource]) -> Iterator[tuple[Any, Resource]]:
    """Yield the labels of each pod that asks, None for the edge, and the Service it asks."""
    services = _of(objects, "Service")
    for maker in _makers(objects):
        env = _environment(maker.container)
        matches = [form.fullmatch(env[name]) for name, form in _asked(env)]
        hosts = {match["host"] for match in matches if match}
        hosts |= {env[host] for host, _ in _DATABASE if host in env}
        for host in hosts & services.keys():
            yield maker.template["metadata"]["labels"], services[host]
    for ingress in _of(objects, "Ingress").values():
        for rule in ingress.inputs["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                if service := services.get(path["backend"]["service"]["name"]):
                    yield None, service


def _lets_in(rule: Inputs, asker: Any, answers: Inputs, port: float) -> bool:
    if rule["podSelector"].get("matchLabels") != answers:
        return False
    for entry in rule.get("ingress", []):
        if port in {each["port"] for each in entry["ports"]}:
            for peer in entry["from"]:
                inside = peer.get("podSelector", {}).get("matchLabels")
                if inside is None and asker is None:
                    return True
                if inside and asker and inside.items() <= asker.items():
                    return True
    return False


def _probes(objects: Sequence[Resource]) -> Iterator[str]:
    for maker in _makers(objects):
        for container in maker.pod["containers"]:
            for kind in PROBES:
                probe = container.get(kind, {})
                page = probe.get("httpGet")
                # A port is among the words of one who waits inside.
                asked = {int(word) for word in _words(probe) if word.isdecimal()}
                if page:
                    asked.add(page["port"])
                if asked - set(_ports(maker)):
                    yield f"{maker.object_name}: its {kind} asks a port nobody listens on"


def _words(probe: Inputs) -> Sequence[str]:
    return probe.get("exec", {}).get("command", [])


def _said(probe: Inputs) -> set[str]:
    """Return every word by which a probe may call its server."""
    headers = probe.get("httpGet", {}).get("httpHeaders", [])
    return {*_words(probe), *(each["value"] for each in headers if each["name"] == "Host")}


def _pictures(objects: Sequence[Resource]) -> Iterator[str]:
    """Ask whether the proxy knows the address that the front end puts before pictures."""
    said = {
        env[name]
        for maker in _makers(objects)
        for env in [_environment(maker.container)]
        for name, _ in _asked(env)
        if name in {"OV_API_URL", "BACKEND_URL"}
    }
    if len(said) > 1:
        yield f"pictures are looked for at {' and '.join(sorted(said))}"


def _ingresses(objects: Sequence[Resource]) -> Iterator[str]:
    ingresses = _of(objects, "Ingress")
    if not ingresses:
        yield "nobody can come in"
    for name, ingress in ingresses.items():
        for rule in ingress.inputs["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                if not _answers(objects, service["name"], service["port"]["number"]):
                    yield f"Ingress {name} leads {rule['host']} to nobody"


def _migration(objects: Sequence[Resource]) -> Iterator[str]:
    """Ask whether the database fits the code before the code serves."""
    jobs = _of(objects, "Job").values()
    servers = [each for each in objects if each.kind == "Deployment" and each.name == "ov-wag"]
    if not jobs:
        yield "nobody migrates the database"
    for job in jobs:
        if "migrate" not in "".join(job.container["command"]):
            yield f"{job.object_name} migrates nothing"
        for server in servers:
            if job.urn not in server.dependencies:
                yield f"{server.object_name} does not wait for {job.object_name}"
            if job.container["image"] != server.container["image"]:
                yield f"{job.object_name} migrates to another release than the one that serves"
            if not server.env.items() <= job.env.items():
                yield f"{job.object_name} does not run under the environment of its server"
        for database in _of(objects, "StatefulSet").values():
            if database.urn not in job.dependencies:
                yield f"{job.object_name} does not wait for the database"


def _hosts(objects: Sequence[Resource]) -> Iterator[str]:
    """Ask whether whoever calls the back end says a name it answers to."""
    for server in _makers(objects):
        if server.kind != "Deployment" or server.name != "ov-wag":
            continue
        allowed = set(server.env["OV_ALLOWED_HOSTS"].split(","))
        for kind in PROBES:
            if not allowed & _said(server.container[kind]):
                yield f"{server.object_name} refuses its own {kind}"
        for asker in _makers(objects):
            api = asker.env.get("OV_API_URL", "") if asker.kind == "Deployment" else ""
            match = _URL.fullmatch(api.removesuffix(_OWN))
            if match and match["host"] not in allowed:
                yield f"{server.object_name} refuses {asker.object_name}, who calls it {api}"
        for ingress in _of(objects, "Ingress").values():
            for rule in ingress.inputs["spec"]["rules"]:
                if rule["host"] not in allowed:
                    yield f"{server.object_name} refuses who comes by {rule['host']}"


def _index(objects: Sequence[Resource]) -> Iterator[str]:
    """Ask whether browsers search what the back end fills."""
    makers = {each.name: each.env for each in _makers(objects) if each.kind == "Deployment"}
    backend, frontend = makers["ov-wag"], makers["ov-frontend"]
    if "ES_INDEX" in backend:
        if frontend["ES_OV_INDEX"] != f"{backend['ES_INDEX']}__wagtailcore_page":
            yield f"browsers search in {frontend['ES_OV_INDEX']}, which nobody fills"
        if frontend["ES_URL"] != backend["ES_URL"]:
            yield f"browsers search at {frontend['ES_URL']}, and the index is elsewhere"


def _recurring(objects: Sequence[Resource]) -> Iterator[str]:
    """Ask whether work that comes round is that of the server beside it."""
    server = _of(objects, "Deployment")["ov-wag"]
    for cron in _of(objects, "CronJob").values():
        if cron.env != server.env:
            yield f"{cron.object_name} does not run under the environment of the server"
        if cron.container["image"] != server.container["image"]:
            yield f"{cron.object_name} is of another release than the one that serves"
        for job in _of(objects, "Job").values():
            if job.urn not in cron.dependencies:
                yield f"{cron.object_name} does not wait for {job.object_name}"
    if "ES_INDEX" in server.env and not _of(objects, "CronJob"):
        yield "nobody fills the index anew"


# Who asks what outside the cluster: a variable with its address, by the name its pods have.
_FAR = {
    "ov-wag": ("AWS_ENDPOINT_URL", "ES_URL", "AUTH0_URL"),
    "migrate": ("AWS_ENDPOINT_URL",),
    "reindex": ("ES_URL",),
    "ov-frontend": ("ORGAN_URL",),
}


def _outside(objects: Sequence[Resource]) -> Iterator[str]:
    """Ask whether pods get out to the ports they have to ask, and to no other."""
    for maker in _makers(objects):
        env, labels = maker.env, maker.template["metadata"]["labels"]
        name = labels["app.kubernetes.io/name"]
        stored = {"AWS_ENDPOINT_URL": ""} if "AWS_STORAGE_BUCKET_NAME" in env else {}
        known = {**stored, **env}
        wanted = {_port(known[at]) for at in _FAR.get(name, ()) if at in known}
        open_to = {
            port["port"]
            for rule in _of(objects, "NetworkPolicy").values()
            if rule.inputs["spec"]["podSelector"].get("matchLabels", {}).items() <= labels.items()
            for entry in rule.inputs["spec"].get("egress", [])
            if any("ipBlock" in peer for peer in entry["to"])
            for port in entry["ports"]
        }
        if wanted != open_to:
            yield f"{name} needs {sorted(wanted)} outside, and may ask {sorted(open_to)}"


def _port(address: str) -> int:
    return urlsplit(address).port or (80 if address.startswith("http:") else 443)

"""From Ingress objects to an nginx configuration; functions of data alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.cluster import network
from sandbox.cluster.kinds import Backend, HttpPath, Ingress, Service

# Whatever else a path holds has no place in a configuration file.
PLAIN_PATH = re.compile(r"/[A-Za-z0-9._~!&()*+,=:@%/-]*")
PLAIN_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
CLASS_NOTE = "kubernetes.io/ingress.class"

# The site of whoever asks for a host that no Ingress names.
ANYBODY = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A Service's port, and the address it has in the cluster; none if it cannot answer."""

    namespace: str
    service: str
    port: str
    address: str | None

    @property
    def upstream(self) -> str:
        """The name of the target in the configuration."""
        return f"{self.namespace}.{self.service}.{self.port}"


@dataclass(frozen=True, slots=True)
class Route:
    """A path and who answers for it."""

    path: str
    exact: bool
    target: Target


@dataclass(frozen=True, slots=True)
class Site:
    """A host, the Secret whose certificate it shows if any, and its routes."""

    host: str
    secret: str | None
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where a certificate and its key are; the mark changes with their content."""

    certificate: str
    key: str
    mark: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a set of Ingresses says, and what in it is wrong."""

    sites: tuple[Site, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    secret: str | None = None
    routes: dict[tuple[str, bool], Route] = field(default_factory=dict[tuple[str, bool], Route])


def ours(ingress: Ingress) -> bool:
    """Tell whether the edge serves this Ingress."""
    named = ingress["spec"].get("ingressClassName")
    noted = ingress["metadata"].get("annotations", {}).get(CLASS_NOTE)
    return (named or noted or network.INGRESS_CLASS) == network.INGRESS_CLASS


def read(ingresses: Iterable[Ingress], services: Iterable[Service]) -> Reading:
    """Return the sites that *ingresses* ask for; of two that want one path, the older has it."""
    known = {_id(service): service for service in services}
    drafts: dict[str, _Draft] = {}
    problems: list[str] = []
    for ingress in sorted(filter(ours, ingresses), key=_age):
        namespace, name = _id(ingress)
        for host, path in _paths(ingress):
            where = f"ingress {namespace}/{name}, host {host or 'any'}, path {path.get('path')}"
            if not _is_plain(host, path):
                problems.append(f"{where}: the edge does not serve such names")
                continue
            target = _target(namespace, path.get("backend", Backend()), known)
            if target is None:
                problems.append(f"{where}: only a Service can answer")
                continue
            draft = drafts.setdefault(host, _Draft())
            draft.secret = draft.secret or _secret(ingress, host)
            for route in _routes(path, target):
                holder = draft.routes.setdefault((route.path, route.exact), route)
                if holder is not route and route.target != holder.target:
                    problems.append(f"{where}: an older ingress has this path")
    sites = [
        Site(host, draft.secret, tuple(draft.routes.values()))
        for host, draft in sorted(drafts.items())
    ]
    return Reading(tuple(sites), tuple(dict.fromkeys(problems)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Listening:
    """Where the edge listens, and the port at which the world finds it."""

    address: str
    public_port: int


def render(
    sites: Sequence[Site], certificates: Mapping[str, Certificate], listening: Listening
) -> str:
    """Return the sites' part of the configuration."""
    targets = {route.target.upstream: route.target for site in sites for route in site.routes}
    blocks = [_upstream(target) for _, target in sorted(targets.items()) if target.address]
    hosts = [site.host for site in sites if site.host != ANYBODY]
    blocks.append(_plain_http(hosts, listening))
    if ANYBODY not in {site.host for site in sites}:
        sites = [Site(ANYBODY, None, ()), *sites]
    blocks += [_server(site, certificates[site.host], listening) for site in sites]
    return "\n\n".join(_indent(block) for block in blocks)


def _upstream(target: Target) -> str:
    # One address stands for all pods, so "the next server" is the same address: another attempt,
    # which kube-proxy leads to a pod that is still there.
    attempts = "\n".join([f"    server {target.address} max_fails=0;"] * 3)
    return f"""upstream {target.upstream} {{
{attempts}
    keepalive 32;
    # Less than the five seconds after which Node.js closes an idle connection.
    keepalive_timeout 4s;
}}
upstream {target.upstream}.once {{
{attempts}
}}"""


def _plain_http(hosts: Sequence[str], listening: Listening) -> str:
    listen = f"listen {listening.address}:{network.EDGE_HTTP}"
    port = "" if listening.public_port == network.EDGE_HTTPS else f":{listening.public_port}"
    unknown = f"""server {{
    {listen} default_server;
    return 404 "The sandbox knows no site of this name.\\n";
}}"""
    if not hosts:
        return unknown
    names = "\n        ".join(_server_name(host) for host in hosts)
    return f"""{unknown}
server {{
    {listen};
    server_name
        {names};
    return 308 https://$host{port}$request_uri;
}}"""


def _server(site: Site, certificate: Certificate, listening: Listening) -> str:
    default = " default_server" if site.host == ANYBODY else ""
    name = f"server_name {_server_name(site.host)};" if site.host else "server_name _;"
    locations = "\n".join(_location(route) for route in site.routes)
    if not any(route.path == "/" and not route.exact for route in site.routes):
        what = "page" if site.host else "site"
        locations += f"""
    location / {{
        return 404 "The sandbox knows no {what} of this name.\\n";
    }}"""
    return f"""server {{
    listen {listening.address}:{network.EDGE_HTTPS} ssl http2{default};
    listen {listening.address}:{network.EDGE_PROXY_PROTOCOL} ssl http2 proxy_protocol{default};
    {name}
    ssl_certificate {certificate.certificate}; # {certificate.mark}
    ssl_certificate_key {certificate.key};
{locations}
    location @silent {{
        return 502 "The site's Service gives no answer: kubectl get pods,endpointslices\\n";
    }}
}}"""


def _location(route: Route) -> str:
    target = route.target
    if target.address:
        action = f"proxy_pass http://{target.upstream}$site_way;"
    else:
        what = f"Service {target.namespace}/{target.service} has no port {target.port}"
        action = f'return 503 "{what}, or no address.\\n";'
    return f"""    location {"= " if route.exact else ""}"{route.path}" {{
        {action}
    }}"""


def _server_name(host: str) -> str:
    """Return the host for nginx, whose own wildcard would span several labels."""
    if host.startswith("*."):
        return f'"~^[^.]+{re.escape(host[1:])}$"'
    return host


def _routes(path: HttpPath, target: Target) -> list[Route]:
    """Return what a path of an Ingress means: a prefix ends at a slash."""
    wanted = path.get("path") or "/"
    if path.get("pathType") == "Exact":
        return [Route(wanted, exact=True, target=target)]
    stem = wanted.rstrip("/")
    if not stem:
        return [Route("/", exact=False, target=target)]
    return [Route(stem, exact=True, target=target), Route(f"{stem}/", exact=False, target=target)]


def _paths(ingress: Ingress) -> Iterable[tuple[str, HttpPath]]:
    spec = ingress["spec"]
    for rule in spec.get("rules", []):
        for path in rule.get("http", {}).get("paths", []):
            yield rule.get("host", ANYBODY), path
    if "defaultBackend" in spec:
        yield ANYBODY, {"path": "/", "pathType": "Prefix", "backend": spec["defaultBackend"]}


def _is_plain(host: str, path: HttpPath) -> bool:
    return bool(
        (host == ANYBODY or PLAIN_HOST.fullmatch(host))
        and PLAIN_PATH.fullmatch(path.get("path") or "/")
    )


def _target(
    namespace: str, backend: Backend, services: Mapping[tuple[str, str], Service]
) -> Target | None:
    wanted = backend.get("service")
    if wanted is None:
        return None
    name, port = wanted.get("name", ""), wanted.get("port", {})
    label = str(port.get("number") or port.get("name", ""))
    service = services.get((namespace, name))
    number = _port_number(service, label) if service else None
    cluster_ip = service["spec"].get("clusterIP", "None") if service else "None"
    reachable = number is not None and cluster_ip not in {"None", ""}
    return Target(namespace, name, label, f"{cluster_ip}:{number}" if reachable else None)


def _port_number(service: Service, label: str) -> int | None:
    for port in service["spec"].get("ports", []):
        if label in {str(port.get("port")), port.get("name")}:
            return port.get("port")
    return None


def _secret(ingress: Ingress, host: str) -> str | None:
    """Return namespace/name of the Secret that holds the host's certificate."""
    for tls in ingress["spec"].get("tls", []):
        covers = tls.get("hosts") or [host]
        if tls.get("secretName") and any(_covers(pattern, host) for pattern in covers):
            return f"{ingress['metadata'].get('namespace')}/{tls.get('secretName')}"
    return None


def _covers(pattern: str, host: str) -> bool:
    return pattern == host or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])


def _age(ingress: Ingress) -> tuple[str, str, str]:
    return str(ingress["metadata"].get("creationTimestamp", "")), *_id(ingress)


def _id(item: Ingress | Service) -> tuple[str, str]:
    meta = item["metadata"]
    return meta.get("namespace", ""), meta.get("name", "")


def _indent(block: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in block.splitlines())

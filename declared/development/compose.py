"""The three files for compose: the stack, and what a checkout of either application changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import yaml

from declared.development.declaration import development
from declared.development.pods import Pods, Service, emptied, port_here

PROXY, BACKEND, FRONTEND, JUMPBOX, DATABASE = "ov-nginx", "ov-wag", "ov-frontend", "jumpbox", "db"

_HEAD = (
    "# Written by `make compose` from what the program declares for ov-demo: change that instead.\n"
)
_HEADS: Mapping[str, str] = {
    "compose.yaml": "# The whole stack on one machine. docs/development.md says how it is used.\n",
    "compose.wag.yaml": (
        "# ov-wag from a checkout, with a server that starts anew when a file changes:\n"
        "# ./ov dev up --wag PATH\n"
    ),
    "compose.frontend.yaml": (
        "# ov-frontend from a checkout, with its own development server:\n"
        "# ./ov dev up --frontend PATH\n"
    ),
}

# A server in a container is asked from outside it.
ANY = "0.0.0.0"  # noqa: S104, only this machine is let in to what is published
_SCRATCH = "/tmp"  # noqa: S108, a container has one of its own

# Where a checkout of the front end is, whatever folder its image keeps the built one in.
_CHECKOUT = "/checkout"
_PACKAGES = "frontend-packages"
_FETCH = """\
cmp -s package-lock.json node_modules/.fetched && exit 0
npm ci --include dev --no-audit --no-fund && cp package-lock.json node_modules/.fetched
"""
# The checkout's owner, so that what its tools write there can be removed by a person.
_OWNER = "${OV_FRONTEND_OWNER:-10001:10001}"


@cache
def files() -> Mapping[str, str]:
    """Return what each file has to say, by its name."""
    made = {
        "compose.yaml": _stack(),
        "compose.wag.yaml": _of_backend(),
        "compose.frontend.yaml": _of_frontend(),
    }
    return {name: _HEAD + _HEADS[name] + written(content) for name, content in made.items()}


def _pods() -> Pods:
    return Pods(development())


def _stack() -> dict[str, Any]:
    pods = _pods()
    services = pods.services()
    services[PROXY]["ports"] = [f"${{OV_ADDRESS:-127.0.0.1}}:{port_here()}:{_port(PROXY)}"]
    services[JUMPBOX]["profiles"] = [JUMPBOX]
    first = _volumes(services[DATABASE], pods.owners)
    return {
        "name": "openvault",
        "services": {"volumes": first, **services},
        "volumes": {claim: {} for claim in pods.owners},
    }


def _volumes(database: Service, owners: Mapping[str, str]) -> Service:
    """Return what gives each volume to who writes there, as Kubernetes does by itself."""
    words = [f"chown {owner} /volumes/{claim}" for claim, owner in owners.items()]
    return {
        "image": database["image"],
        "entrypoint": ["sh", "-c", " && ".join(words)],
        "user": "0:0",
        "network_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "cap_add": ["CHOWN"],
        "security_opt": ["no-new-privileges:true"],
        "volumes": [f"{claim}:/volumes/{claim}" for claim in owners],
    }


def _of_backend() -> dict[str, Any]:
    """Return what a checkout of the back end changes: its files, and who serves them."""
    services = _pods().services()
    settings = services[BACKEND]["environment"]["DJANGO_SETTINGS_MODULE"]
    changed: Service = {
        "environment": {
            "DJANGO_SETTINGS_MODULE": f"${{OV_WAG_SETTINGS:-{settings}}}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        # Only read: what is written goes to the volumes that are mounted in it.
        "volumes": [_checkout("WAG", _home(services[BACKEND])) | {"read_only": True}],
    }
    serve = ["python", "manage.py", "runserver", f"{ANY}:{_port(BACKEND)}"]
    return {
        "services": {
            "static": changed,
            "migrate": changed,
            BACKEND: {"entrypoint": serve, **changed},
        }
    }


def _of_frontend() -> dict[str, Any]:
    """Return what a checkout of the front end changes: packages for development, and a server."""
    pods = _pods()
    services = pods.services()
    owners = {**pods.owners, _PACKAGES: _OWNER}
    mounted = [_checkout("FRONTEND", _CHECKOUT), f"{_PACKAGES}:{_CHECKOUT}/node_modules"]
    serve = ["npm", "run", "dev", "--", "--host", ANY, "--port", str(_port(FRONTEND))]
    first = _volumes(services[DATABASE], owners)
    return {
        "services": {
            "volumes": {key: first[key] for key in ("entrypoint", "volumes")},
            "packages": {
                "image": services[FRONTEND]["image"],
                "entrypoint": ["sh", "-ec", _FETCH],
                # Without a value here, what the person's own shell says of npm.
                "environment": {"HOME": _SCRATCH, "NPM_CONFIG_REGISTRY": None, "HTTPS_PROXY": None},
                "user": _OWNER,
                "working_dir": _CHECKOUT,
                "cap_drop": ["ALL"],
                "security_opt": ["no-new-privileges:true"],
                "volumes": mounted,
                "depends_on": {"volumes": {"condition": "service_completed_successfully"}},
            },
            FRONTEND: {
                "entrypoint": serve,
                "environment": {"HOME": _SCRATCH, "NODE_ENV": "development"},
                "user": _OWNER,
                "working_dir": _CHECKOUT,
                "tmpfs": [emptied(_SCRATCH)],
                # Vite with the pages of one site takes 300 MiB.
                "mem_limit": "1024m",
                "volumes": mounted,
                # Browsers hear of an edit from here, past the proxy.
                "ports": ["127.0.0.1:${OV_FRONTEND_PORT:-3000}:" + str(_port(FRONTEND))],
                "depends_on": {"packages": {"condition": "service_completed_successfully"}},
            },
        },
        "volumes": {_PACKAGES: {}},
    }


def _checkout(which: str, target: str) -> dict[str, Any]:
    how = f"type ./ov dev up --{which.lower()} PATH"
    return {
        "type": "bind",
        "source": f"${{OV_{which}_CHECKOUT:?{how}}}",
        "target": target,
        # A folder that is not there is a slip of the finger, and no reason to make one.
        "bind": {"create_host_path": False},
    }


def _home(backend: Service) -> str:
    """Return the folder in which the image has what a checkout has."""
    targets = [PurePosixPath(each.split(":")[1]) for each in backend["volumes"]]
    (home,) = {str(each.parent) for each in targets}
    return home


def _port(service: str) -> int:
    return _pods().ports[service][1]


class _Dumper(yaml.SafeDumper):
    """Writes what has lines as lines, and says everything again where it is used twice."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().increase_indent(flow, indentless=False)  # pyright: ignore[reportUnknownMemberType]

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002, the signature is PyYAML's
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)  # pyright: ignore[reportUnknownMemberType]


_Dumper.add_representer(str, _text)


def written(content: Mapping[str, Any]) -> str:
    """Return *content* as a person reads it."""
    return yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, width=4096)

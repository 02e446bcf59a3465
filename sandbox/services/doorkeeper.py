"""The doorkeeper: one port for all services, who may ask search, and from which pages."""

from __future__ import annotations

import base64

from sandbox import files, keys, settings
from sandbox.cluster import templates
from sandbox.instance import Instance
from sandbox.process import Processes, attempt
from sandbox.services.objects import BUCKETS
from sandbox.toolchain import Toolchain

WRITER = "search-password"
READER = "search-browser-key"

# The name by which the CMS writes.
WRITES = "wagtail"


def up(instance: Instance, processes: Processes, toolchain: Toolchain) -> bool:
    """Start it, and the door that leads to it from the machine; return whether either was."""
    (instance.run / "services").mkdir(parents=True, exist_ok=True)
    changed = False
    for name, inside in (("services", True), ("services-door", False)):
        configuration = instance.state / "services" / f"{name}.conf"
        files.write(configuration, text(name, instance, toolchain), files.PRIVATE)
        changed |= processes.start(
            name,
            [toolchain.path("nginx"), "-e", "stderr", "-c", configuration],
            env=toolchain.env(),
            inside=inside,
            configuration=[configuration],
        )
    ask = ["curl", "--silent", "--fail", "--max-time", "5", "--noproxy", "*"]
    page = f"{instance.service_url('sign-on')}/.well-known/openid-configuration"
    # Not every resolver knows that names below localhost are this machine.
    here = ["--connect-to", f"::127.0.0.1:{instance.services_port}"]
    processes.wait_until(
        "services-door", lambda: attempt([*ask, *here, page]).returncode == 0, seconds=15
    )
    return changed


def text(name: str, instance: Instance, toolchain: Toolchain) -> str:
    """Return the configuration of one of the two."""
    return templates.render(f"{name}.conf", _filled(instance, toolchain), "sandbox.services")


def _filled(instance: Instance, toolchain: Toolchain) -> dict[str, str]:
    password = f"{WRITES}:{keys.value(instance, WRITER)}"
    sites = [settings.site_url(instance, stack) for stack in BUCKETS]
    return {
        **templates.values(instance),
        "RUN": str(instance.run),
        "MODULES": str(toolchain.directory("nginx-modules")),
        "PORT": str(instance.services_port),
        "WRITER": base64.b64encode(password.encode()).decode(),
        "READER": keys.value(instance, READER),
        "INDICES": "|".join(["gbh-series", *(f"{stack}__wagtailcore_page" for stack in BUCKETS)]),
        "ORIGINS": "\n".join(f'        "{site}" "{site}";' for site in sites),
    }

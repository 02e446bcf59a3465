"""The way up: from a bare machine to the demo answering requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import (
    applications,
    cluster,
    images,
    network,
    occupancy,
    plugins,
    prerequisites,
    rancher,
    registry,
    services,
    stack,
    toolchain,
)
from sandbox.instance import Instance
from sandbox.process import Processes
from sandbox.progress import Phase, Report
from sandbox.settings import STACK
from sandbox.toolchain import Toolchain

# What a person types there, beside pulumi.
TOOLS = ("docker", "helm", "kubectl")


@dataclass(slots=True)
class Ascent:
    """One way up of one sandbox; each phase leaves it what the next ones need."""

    instance: Instance
    changed: bool = False
    _toolchain: Toolchain | None = field(default=None, init=False)

    def phases(self) -> tuple[Phase, ...]:
        """Return all phases in order."""
        return (
            Phase("toolchain", self._programs),
            Phase("base images", self._base_images),
            Phase("registry", self._registry),
            Phase("cluster", self._cluster),
            Phase("services", self._services),
            Phase("rancher", self._rancher),
            Phase("applications", self._applications),
            Phase("stack", self._stack),
        )

    def check(self) -> Phase:
        """Return the phase that comes before anything is made or started."""
        return Phase("prerequisites", self._prerequisites)

    @property
    def _processes(self) -> Processes:
        return Processes(self.instance)

    @property
    def _tools(self) -> Toolchain:
        if self._toolchain is None:
            self._toolchain = toolchain.prepare(self.instance.cache, lambda _: None)
        return self._toolchain

    def _prerequisites(self, _report: Report) -> str:
        prerequisites.demand(self.instance, needs(self.instance))
        return "all there"

    def _programs(self, report: Report) -> str:
        absent = len(toolchain.missing(self.instance.cache))
        self._toolchain = toolchain.prepare(self.instance.cache, report)
        return self._outcome(f"{absent} made" if absent else "")

    def _base_images(self, report: Report) -> str:
        made = images.base_images(self.instance, self._tools, report)
        return self._outcome(f"{made} made" if made else "")

    def _registry(self, report: Report) -> str:
        rebooted = occupancy.forget_the_last_boot(self.instance)
        self._processes.make_cgroups()
        report("network")
        changed = network.up(self.instance)
        report("starting the registry and the Docker daemon")
        changed |= registry.up(self.instance, self._processes, self._tools)
        images.push(self.instance, self._tools, report)
        return self._outcome("started" if changed or rebooted else "")

    def _cluster(self, report: Report) -> str:
        changed = cluster.up(self.instance, self._processes, self._tools, report)
        return self._outcome("ready" if changed else "")

    def _services(self, report: Report) -> str:
        if not services.wanted(self.instance):
            return "skipped: `python -m sandbox services` starts them"
        return self._outcome("started" if self.start_services(report) else "")

    def start_services(self, report: Report) -> bool:
        """Start what generation 1.x asks of the world; return whether anything was."""
        return services.up(self.instance, self._processes, self._tools, report)

    def _rancher(self, report: Report) -> str:
        changed = rancher.up(self.instance, self._processes, self._tools, report)
        # Only after the last phase with daemons: each phase starts those anew that had ended.
        self._processes.demand_alive()
        return self._outcome("ready" if changed else "")

    def _applications(self, report: Report) -> str:
        changed = applications.applications(self.instance, self._tools, report)
        return self._outcome("built and pushed" if changed else "")

    def _stack(self, report: Report) -> str:
        for tool in TOOLS:
            _link(self.instance.bin / tool, self._tools.path(tool))
        outcome = stack.up(self.instance, self._tools, report)
        self.changed |= outcome.changed
        report("waiting for the site to answer")
        stack.wait_until_it_answers(self.instance)
        report("publishing exhibits, if there are none")
        applications.seed(self.instance, self._tools, STACK)
        return str(outcome)

    def _outcome(self, changes: str) -> str:
        self.changed |= bool(changes)
        return changes or "unchanged"


def needs(instance: Instance) -> prerequisites.Needs:
    """Return what is still to be made with compilers and downloads."""
    absent = {recipe.name for recipe in toolchain.missing(instance.cache)}
    tools = toolchain.locate(instance.cache)
    if tools is None:
        return prerequisites.Needs(
            go=any(recipe.name in absent for recipe in toolchain.golang.RECIPES),
            debian=toolchain.debian.RECIPE.name in absent,
        )
    made_of = {*images.missing(instance, tools), *applications.missing(instance, tools)}
    return prerequisites.Needs(
        go="pause" in made_of,
        debian=bool(made_of),
        node=bool(made_of & {"node", "ov-frontend"}),
        postgres="postgres" in made_of,
    )


def variables(instance: Instance) -> Mapping[str, str]:
    """Return what `env` exports; PATH is what goes before the shell's own."""
    first = plugins.official() or instance.bin
    folders = dict.fromkeys([str(first), str(instance.bin)])
    return {"PATH": ":".join(folders), **stack.environment(instance)}


def _link(place: Path, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.is_symlink() or place.readlink() != target:
        place.unlink(missing_ok=True)
        place.symlink_to(target)

"""The sandbox's command line: up, down, services, status, logs, env."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Annotated

import typer
from rich.console import Console

from components.roster import companions
from sandbox import occupancy, phases, progress, settings, status, teardown
from sandbox.errors import Refusal
from sandbox.images import references
from sandbox.instance import Instance
from sandbox.process import Processes
from sandbox.progress import Phase, Report
from sandbox.rancher import accounts

app = typer.Typer(
    help="The whole platform on one machine: a test bench and a first experience.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# What a service of the site is in the cluster.
SERVICES = {
    "ov-nginx": "deployment/ov-nginx",
    "ov-frontend": "deployment/ov-frontend",
    "ov-wag": "deployment/ov-wag",
    "db": "statefulset/db",
    "jumpbox": "deployment/jumpbox",
    **{name: f"deployment/{name}" for name in companions()},
}


@app.command()
def up() -> None:
    """Build the platform and deploy ov-demo to it; what is there already stays."""
    instance = Instance.from_environment()
    ascent = phases.Ascent(instance)
    shown = progress.screen(Console())
    progress.go_through([ascent.check()], shown)
    with occupancy.occupied(instance):
        Processes(instance).adopt()
        try:
            progress.go_through(ascent.phases(), shown)
        except KeyboardInterrupt:
            raise Refusal(
                "Interrupted", "what was done stays", "`make up` goes on from there"
            ) from None
    _welcome(instance, changed=ascent.changed)


@app.command()
def down(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove the platform with everything it made, its data too."""
    instance = Instance.from_environment()
    _root_only()
    if not teardown.exists(instance):
        print(f"There is no sandbox {instance.name}: nothing to remove")
        return
    if sys.stdin.isatty() and not yes:
        print(f"This removes sandbox {instance.name}: its cluster, its registry, and the database")
        print(f"and uploads of every site, all in {instance.state}. Built programs stay cached.")
        typer.confirm("Go on?", abort=True)

    def work(report: Report) -> str:
        teardown.down(instance, report)
        return "nothing is left but the cache"

    progress.go_through([Phase("down", work)], progress.screen(Console()))


@app.command("services")
def start_services() -> None:
    """Start what a site of generation 1.x needs: object storage, search and sign-on."""
    instance = _standing()
    ascent = phases.Ascent(instance)

    def work(report: Report) -> str:
        return "started" if ascent.start_services(report) else "unchanged"

    with occupancy.occupied(instance):
        Processes(instance).adopt()
        progress.go_through([Phase("services", work)], progress.screen(Console()))
    for name in ("objects", "search", "sign-on"):
        print(f"{name:<12}{instance.service_url(name)}")


@app.command("status")
def show_status(
    *,
    token: Annotated[bool, typer.Option("--token", help="Print Rancher's token too.")] = False,
) -> None:
    """Say what runs, how large it is, and where it is reached; exit 1 unless all is well."""
    instance = _standing()
    if not status.show(instance, Console(), token=token):
        raise typer.Exit(1)


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="A service of the site, or a daemon.")],
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows.")] = False,
) -> None:
    """Show what a service of the site, or a daemon of the platform, has written."""
    instance = _standing()
    log = instance.logs / f"{service}.log"
    if service in SERVICES:
        kubectl = [str(instance.bin / "kubectl"), "--kubeconfig", str(instance.kubeconfig)]
        words = ["--namespace", settings.STACK, "logs", SERVICES[service], "--all-containers"]
        argv = [*kubectl, *words, "--follow" if follow else "--tail=-1"]
    elif log.exists():
        argv = ["tail", "-n", "+1", *(["-f"] if follow else []), str(log)]
    else:
        daemons = sorted(path.stem for path in instance.logs.glob("*.log"))
        raise Refusal(
            f"Nothing here is called {service}",
            f"the site has {', '.join(SERVICES)}; the platform has {', '.join(daemons)}",
            "Type for example: python -m sandbox logs ov-wag",
        )
    sys.stdout.flush()
    os.execvp(argv[0], argv)  # noqa: S606, the log is shown by kubectl or tail


@app.command("env")
def show_env() -> None:
    """Print the settings of a shell that uses the sandbox: eval "$(make -s env)"."""
    instance = _standing()
    settings.follow(instance, references(instance))
    for name, value in phases.variables(instance).items():
        print(export(name, value))


def export(name: str, value: str) -> str:
    """Return the line by which a shell takes a variable; a PATH goes before the shell's own."""
    rest = ':"$PATH"' if name == "PATH" else ""
    return f"export {name}={shlex.quote(value)}{rest}"


def _root_only() -> None:
    if os.geteuid() != 0:
        raise Refusal(
            "This needs root's rights", "the sandbox runs as root", "Become root: sudo -i"
        )


def _standing() -> Instance:
    """Return the sandbox; refuse if there is none, or only the beginnings of one."""
    instance = Instance.from_environment()
    _root_only()
    if not (instance.kubeconfig.exists() and settings.admin_password(instance).exists()):
        raise Refusal(
            f"There is no sandbox {instance.name}",
            f"{instance.state} holds none",
            "Type `make up` first",
        )
    return instance


def _welcome(instance: Instance, *, changed: bool) -> None:
    site = settings.site_url(instance)
    lines = [
        "" if changed else "\nNothing had to be changed.",
        f"Site        {site}",
        f"Admin       {settings.admin_url(instance)}",
        f"            user {settings.ADMIN}, password in {settings.admin_password(instance)}",
        f"Rancher     {instance.rancher}",
        f"            token in {accounts.token_file(instance)}",
        f"Authority   {instance.ca} (trust it in the browser)",
        f"Kubeconfig  {instance.kubeconfig}",
        "",
        "Worth trying next:",
        f"  curl --cacert {instance.ca} {site}",
        '  eval "$(make -s env)" && pulumi preview -s ov-demo --diff',
        "  kubectl -n ov-demo get pods    (in that same shell)",
    ]
    print("\n".join(lines))

"""What a person types to have the stack on this machine."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from operations.dev import checkout
from operations.dev.engine import OVERRIDES, STACK, Compose
from operations.dev.secrets import SECRETS, Choices
from operations.errors import Exit, Refused
from operations.project import CHECKOUT

app = typer.Typer(help="The whole stack on this machine, by docker compose.", no_args_is_help=True)

FOLDER = CHECKOUT

# Seconds until everything is well; a first start prepares a database and fetches images before.
PATIENCE = 300

_PROXY, _BACKEND, _FRONTEND = "ov-nginx", "ov-wag", "ov-frontend"
_SEED = "seed_exhibits"
# Services that are started only by name, too.
_ALL = ("--profile", "jumpbox")


@app.command()
def up(
    *,
    wag: Annotated[
        Path | None, typer.Option("--wag", metavar="PATH", help="A checkout of ov-wag to run.")
    ] = None,
    frontend: Annotated[
        Path | None,
        typer.Option("--frontend", metavar="PATH", help="A checkout of ov-frontend to run."),
    ] = None,
) -> None:
    """Start the stack and wait until it is well: from images, or with checkouts mounted."""
    mounted = {
        **(checkout.wag(wag) if wag else {}),
        **(checkout.frontend(frontend) if frontend else {}),
    }
    chosen = [name for name, at in (("wag", wag), ("frontend", frontend)) if at]
    files = (STACK, *(OVERRIDES[name][0] for name in chosen))
    compose = Compose.find(FOLDER, files)
    choices = Choices(FOLDER / ".env")
    if choices.make_secrets():
        print("made: .env, with passwords for this machine")
    # What a person types to compose itself means the same files from now on.
    names = [name for _, name in OVERRIDES.values()] + ["OV_FRONTEND_OWNER"]
    chosen_files = ":".join(files) if chosen else None
    choices.choose({"COMPOSE_FILE": chosen_files, **{name: mounted.get(name) for name in names}})
    _require_ports(compose, choices.read(), frontend=bool(frontend))
    sys.stdout.flush()
    waits = ("--wait", "--wait-timeout", str(PATIENCE))
    if compose.shown("up", "--detach", "--remove-orphans", *waits):
        raise _unwell(compose)
    _welcome(compose)


@app.command()
def down() -> None:
    """Stop the stack and remove its containers; its data stay."""
    _stop("down", "--remove-orphans")
    print("stopped; the data stay, and ./ov dev up goes on with them")


@app.command()
def reset(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop the stack and remove its data: database, uploads and packages."""
    if not yes and not sys.stdin.isatty():
        raise Refused(
            Exit.UNACKNOWLEDGED,
            "Nothing was removed",
            "nobody is there to be asked whether the data may go",
            "If they may: ./ov dev reset --yes",
        )
    if not yes:
        print("This removes the stack on this machine: its database, its uploads, its packages.")
        typer.confirm("Go on?", abort=True)
    _stop("down", "--volumes", "--remove-orphans")
    print("removed; ./ov dev up begins with an empty site")


@app.command()
def seed() -> None:
    """Publish example exhibits, by the command that the back end brings."""
    compose = _standing()
    command = ("exec", "-T", _BACKEND, "python", "manage.py", _SEED)
    done = compose.said(*command)
    if done.returncode and "Unknown command" in done.stderr:
        raise Refused(
            Exit.UNFIT,
            "This ov-wag brings no exhibits",
            f"its manage.py knows no command {_SEED}",
            "Write one in the CMS, whose address ./ov dev up prints",
        )
    if done.returncode:
        print(done.stderr, file=sys.stderr, end="")
        raise Refused(
            Exit.SICK,
            "The exhibits were not published",
            "the back end's own command failed, as it says above",
            "Look further: ./ov dev logs ov-wag",
        )
    print(done.stdout, end="")


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="Of this service only.")] = "",
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as they grow.")] = False,
) -> None:
    """Show what the services have written."""
    compose = _standing()
    words = [*(["--follow"] if follow else []), *([service] if service else [])]
    raise typer.Exit(compose.shown("logs", *words))


def _standing() -> Compose:
    """Return compose with the files of the last way up; refuse where nothing runs."""
    compose = Compose.find(FOLDER, _files())
    if not (FOLDER / ".env").exists() or not compose.running(_BACKEND):
        raise Refused(
            Exit.MISSING,
            "The stack does not run on this machine",
            "ov-wag has no container that runs",
            "Type first: ./ov dev up",
        )
    return compose


def _files() -> tuple[str, ...]:
    return tuple(Choices(FOLDER / ".env").read().get("COMPOSE_FILE", STACK).split(":"))


def _stop(*words: str) -> None:
    # All files, so that nothing of an earlier checkout stays; what they ask for does not matter.
    known = Choices(FOLDER / ".env").read()
    asked = [*SECRETS, *(name for _, name in OVERRIDES.values())]
    compose = Compose.find(FOLDER, (STACK, *(file for file, _ in OVERRIDES.values())))
    missing = {name: "nothing" for name in asked if name not in known}
    if compose.shown(*_ALL, *words, env=missing):
        raise Refused(
            Exit.SICK,
            "The stack was not stopped as a whole",
            "docker compose says why above",
            "Mend it, then again: ./ov dev down",
        )


def _require_ports(compose: Compose, known: Mapping[str, str], *, frontend: bool) -> None:
    """Refuse a port that somebody else has: Docker would say so late, and in other words."""
    wanted = [("OV_PORT", "8080", _PROXY)]
    if frontend:
        wanted.append(("OV_FRONTEND_PORT", "3000", _FRONTEND))
    for name, usual, service in wanted:
        port = compose.chosen(name, known, usual)
        address = (
            compose.chosen("OV_ADDRESS", known, "127.0.0.1") if service == _PROXY else "127.0.0.1"
        )
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise Refused(
                Exit.SETTINGS,
                f"{name}={port} is no port",
                "a port is a number from 1 to 65535",
                f"Type for example: {name}=8090 ./ov dev up",
            )
        if taken(address, int(port)) and not compose.running(service):
            raise Refused(
                Exit.UNFIT,
                f"Port {port} of {address} is taken",
                f"another program listens there, and {service} could not",
                f"End it, or choose another: {name}={int(port) + 10} ./ov dev up",
            )


def taken(address: str, port: int) -> bool:
    """Return whether another program listens at a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            # An address that is not this machine's is for Docker to judge, which may be elsewhere.
            return error.errno == errno.EADDRINUSE
    return False


def _unwell(compose: Compose) -> Refused:
    """Return who is at fault, with its last words."""
    for each in compose.services():
        name, state = each["Service"], each["State"]
        failed = state == "exited" and each.get("ExitCode", 0)
        if failed or each.get("Health") == "unhealthy":
            how = (
                f"ended with code {each['ExitCode']}" if failed else "does not answer as it should"
            )
            last = compose.said("logs", "--no-log-prefix", "--tail", "12", name).stdout
            return Refused(
                Exit.SICK,
                f"{name} {how}",
                "its last words were\n" + "\n".join(f"    {line}" for line in last.splitlines()),
                f"Mend it, then again: ./ov dev up    (all it said: docker compose logs {name})",
            )
    return Refused(
        Exit.SICK,
        "The stack did not start",
        "docker compose says why above",
        "Mend it, then again: ./ov dev up",
    )


def _welcome(compose: Compose) -> None:
    env = compose.environment("migrate")
    print(
        f"Site   {env['OV_BASE_URL']}\n"
        f"Admin  {env['OV_ADMIN_BASE_URL']}\n"
        f"       user {env['DJANGO_SUPERUSER_USERNAME']}, password: OV_ADMIN_PASSWORD in .env\n"
        "\n"
        "Worth trying next:\n"
        "  ./ov dev seed         (publishes example exhibits)\n"
        "  ./ov dev logs -f      (what the services write)\n"
        "  ./ov dev down         (stops them; reset removes the data too)"
    )

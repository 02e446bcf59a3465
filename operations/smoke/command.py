"""`ov smoke`: whether the site is well, as its visitors see it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, cast

import httpx
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.contract import Generation
from components.generations import GENERATIONS
from operations.errors import Exit, Refused
from operations.plan import pulumi
from operations.project import CHECKOUT, Folder, Project
from operations.smoke import checks, inside
from operations.smoke.checks import Result, Site
from operations.smoke.client import authority
from operations.smoke.culprit import culprits


def command(  # noqa: PLR0913, each option of a command is an argument
    *,
    stack: Annotated[str, typer.Option("--stack", "-s", help="Whose site.")],
    site: Annotated[
        str, typer.Option("--site", metavar="URL", help="The site's address, if not as deployed.")
    ] = "",
    admin: Annotated[
        str, typer.Option("--admin", metavar="URL", help="The admin's, if not as deployed.")
    ] = "",
    ca: Annotated[
        Path | None,
        typer.Option("--ca", envvar="OV_CA_FILE", help="Trust this authority's certificate too."),
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="There are no exhibits yet.")] = False,
    wait: Annotated[
        int, typer.Option("--wait", metavar="SECONDS", help="Try again for so long.")
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    folder: Folder = CHECKOUT,
) -> None:
    """Look at the site and its admin from outside; exit code 13 names who is at fault."""
    project = Project(folder)
    settings = project.stack(stack)
    deployed: Mapping[str, object] = {} if site and admin else _outputs(stack)
    generation = _generation(stack, str(project.choice(settings, "generation")))
    alive = generation.backend.alive
    target = Site(
        site=_url(site or str(deployed.get("siteUrl", ""))),
        admin=_url(admin or str(deployed.get("adminUrl", ""))),
        alive=alive.path if alive else "/",
        trusted=authority(ca),
        empty=empty,
    )
    results = _tried(target, wait)
    sick = any(not each.well for each in results)
    context = str(project.choice(settings, "kubeContext") or "")
    known = inside.unready(context, stack) if sick else []
    faults = [each.replace("STACK", stack) for each in culprits(results, known)]
    if as_json:
        described = [{"check": each.name, "well": each.well, "said": each.said} for each in results]
        print(json.dumps({"stack": stack, "checks": described, "culprits": faults}, indent=2))
    else:
        _show(target, results)
    if faults:
        raise Refused(
            Exit.SICK,
            f"The site of {stack} is not well",
            "\n  ".join(faults),
            f"When it is mended: ./ov smoke --stack {stack}",
        )


def _tried(target: Site, wait: int) -> Sequence[Result]:
    deadline = time.monotonic() + wait
    while True:
        results = checks.run(target)
        if all(each.well for each in results) or time.monotonic() > deadline:
            return results
        time.sleep(2)


def _outputs(stack: str) -> Mapping[str, object]:
    done = pulumi(stack, "stack", "output", "--json")
    try:
        found: object = json.loads(done.stdout) if done.returncode == 0 else {}
    except json.JSONDecodeError:
        found = {}
    outputs = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    if not {"siteUrl", "adminUrl"} <= outputs.keys():
        raise Refused(
            Exit.SETTINGS,
            f"It is not known where the site of {stack} is",
            done.stderr.strip() or "the stack was never deployed from here",
            "Say it: --site https://… --admin https://…",
        )
    return outputs


def _generation(stack: str, name: str) -> Generation:
    if name in GENERATIONS:
        return GENERATIONS[name]
    raise Refused(
        Exit.SETTINGS,
        f"{stack} is of no generation that is known: {name!r}",
        f"there are {' and '.join(GENERATIONS)}",
        f"Type for example: pulumi config set generation {next(iter(GENERATIONS))} -s {stack}",
    )


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host:
        raise Refused(
            Exit.USAGE,
            f"{text!r} is no address",
            "an address begins with https:// or http://",
            "Type for example: --site https://demo.example.org",
        )
    return url


def _show(target: Site, results: Sequence[Result]) -> None:
    # Nobody wraps what a program or a log reads.
    console = Console(width=None if sys.stdout.isatty() else 240)
    console.print(f"{target.site}  {target.admin}")
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for each in results:
        mark = Text("well", style="green") if each.well else Text("FAILED", style="bold red")
        table.add_row(mark, each.name, Text(each.said))
    console.print(table)

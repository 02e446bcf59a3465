"""`ov images`: which image a tag is, which image each stack runs, and how to choose another."""

from __future__ import annotations

import difflib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.contract import LABEL
from components.reference import Reference
from operations import names, project
from operations.credentials import Credentials
from operations.errors import Exit, Refused
from operations.listing import Row, asked, rows
from operations.project import CHECKOUT, DEMO, PRODUCTION, SERVICES, Folder, Project
from operations.registry import Access, Registry
from operations.resolution import Resolved, age, fit, resolve, tag_now
from operations.stackfile import StackFile

app = typer.Typer(
    help="Which image a tag is, which each stack runs, and how to choose another.",
    no_args_is_help=True,
)

Username = Annotated[
    str | None, typer.Option("--username", help="Who asks the registry; the password is asked for.")
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
]
Authority = Annotated[
    Path | None,
    typer.Option("--ca", help="Trust this authority's certificate too, and use TLS everywhere."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("resolve")
def show(
    reference: Annotated[str, typer.Argument(help="registry/repository:tag", metavar="REF")],
    *,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    ca: Authority = None,
    as_json: AsJson = False,
) -> None:
    """Say by which digest a tag's image is named for ever."""
    wanted = names.read(reference)
    access = _access(wanted, username, ca, password_stdin=password_stdin)
    found = resolve(access.open(wanted))
    if as_json:
        print(json.dumps(_described(found), indent=2))
    else:
        print(found.reference)
        kind = "one image for each of" if found.listed else "one image for"
        made = age(found.created)
        platforms = ", ".join(found.platforms) or "no platform it names"
        _note(f"{kind} {platforms}" + (f"; made {_ago(made)}" if made else ""))
    if not found.fits:
        _note(f"Warning: the stacks cannot run it: {found.misfit}")
    if wanted.tag == "latest" and not wanted.digest:
        _note("Warning: latest is another image tomorrow; ask for a tag with a version")


@app.command()
def pin(  # noqa: PLR0913, each option of a command is an argument
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
    reference: Annotated[
        str | None, typer.Argument(help="registry/repository:tag", metavar="REF")
    ] = None,
    *,
    stack: Annotated[str, typer.Option("--stack", "-s", help="Whose settings to change.")],
    like: Annotated[
        str | None,
        typer.Option("--from", metavar="STACK", help="Take the image that this stack has."),
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Stop building the image here, if it was.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the change only.")] = False,
    username: Username = None,
    password_stdin: PasswordStdin = False,
    ca: Authority = None,
    folder: Folder = CHECKOUT,
) -> None:
    """Write an image's digest into a stack's settings, and change nothing else there."""
    place = Project(folder)
    key = project.image_key(service)
    before = place.stack(stack)
    wanted = _wanted(place, service, reference, like)
    builds = place.choice(before, project.build_key(service))
    if builds and not published:
        raise _built_here(stack, service, builds)
    access = _access(wanted, username, ca, password_stdin=password_stdin)
    registry = access.open(wanted)
    resolved = fit(registry)
    found = resolved.reference

    after = before.without(project.full(project.build_key(service))) if builds else before
    old = _current(place, before, service)
    if builds or not old or (old.repository, old.digest) != (found.repository, found.digest):
        after = after.with_value(project.full(key), str(found))
    after = _with_contract(after, service, resolved)
    if after == before:
        print(f"{stack} has {service} pinned to this image already: {old}")
    else:
        _show_difference(before, after)
        if not dry_run:
            after.write(before)
        done = "Nothing was written (--dry-run)." if dry_run else "Written."
        print(f"{done} What it would do: pulumi preview -s {stack} --diff")
    _warn_of_move(registry)
    _warn_of_major(service, old, found)
    if stack == PRODUCTION:
        _warn_of_production(place, service, found)


@app.command("list")
def show_list(
    *,
    stack: Annotated[str | None, typer.Option("--stack", "-s", help="Only this stack.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no registry.")] = False,
    as_json: AsJson = False,
    ca: Authority = None,
    folder: Folder = CHECKOUT,
) -> None:
    """Show which image each stack is set to run, and whether its tag has moved since."""
    place = Project(folder)
    stacks = [stack] if stack else place.stacks
    for name in stacks:
        place.stack(name)
    found = rows(place, stacks)
    found = found if offline else asked(Access(ca=ca), found)
    if as_json:
        print(json.dumps([_row_described(row) for row in found], indent=2))
    else:
        console = Console() if sys.stdout.isatty() else Console(width=200)
        console.print(_table(found))
    troubles = dict.fromkeys(
        (row.refused.what, row.refused.why, row.refused.do)
        for row in found
        if row.refused and not row.unpushed
    )
    for what, why, do in troubles:
        _note(f"\n{what}:\n  {why}.\n{do}")
    codes = [row.refused.code for row in found if row.refused and not row.unpushed]
    if codes:
        raise typer.Exit(codes[0])


def _access(
    reference: Reference, username: str | None, ca: Path | None, *, password_stdin: bool
) -> Access:
    """Return how to reach the registry, with a password that was never on a command line."""
    if username is None:
        if password_stdin:
            raise Refused(
                Exit.USAGE,
                "A password has no name to go with",
                "--password-stdin was given without --username",
                "Type the same with --username NAME",
            )
        return Access(ca=ca)
    if password_stdin:
        password = sys.stdin.read().rstrip("\r\n")
    elif sys.stdin.isatty():
        where = names.registry(reference)
        password = typer.prompt(f"Password of {username} at {where}", hide_input=True, err=True)
    else:
        raise Refused(
            Exit.USAGE,
            f"There is nobody to ask for the password of {username}",
            "the standard input is no terminal",
            "Send it: type the same with --password-stdin < FILE",
        )
    return Access(credentials=Credentials(username=username, password=password), ca=ca)


def _wanted(place: Project, service: str, reference: str | None, like: str | None) -> Reference:
    if (reference is None) == (like is None):
        raise Refused(
            Exit.USAGE,
            "Which image is to be pinned is not clear",
            "either a reference is needed, or the stack whose image to take",
            f"Type for example: ./ov images pin {service} --from {DEMO} --stack {PRODUCTION}",
        )
    if like is not None:
        found = _current(place, place.stack(like), service)
        if found is None:
            raise Refused(
                Exit.SETTINGS,
                f"{like} has no image for {service}",
                f"{project.full(project.image_key(service))} is not set there",
                "Name the image instead: registry/repository:tag",
            )
        return found
    wanted = names.read(reference or "")
    if wanted.tag == "latest" or not (wanted.tag or wanted.digest):
        raise Refused(
            Exit.USAGE,
            f"{reference} names no version",
            "latest is another image tomorrow, so beside a digest it tells nobody anything",
            f"Type the same with a tag that has a version, for example {wanted.repository}:v0.2.1",
        )
    return wanted


def _current(place: Project, stack: StackFile, service: str) -> Reference | None:
    try:
        return names.read(str(place.choice(stack, project.image_key(service)) or ""))
    except Refused:
        return None


def _built_here(stack: str, service: str, builds: object) -> Refused:
    key = project.full(project.build_key(service))
    return Refused(
        Exit.SETTINGS,
        f"{stack} builds {service} itself",
        f"{key} is set ({json.dumps(builds, default=str)}), and an image built here has the "
        "digest that the build gives it",
        "To run a published image from now on, type the same with --published: it removes "
        f"{key} from Pulumi.{stack}.yaml",
    )


def _with_contract(file: StackFile, service: str, found: Resolved) -> StackFile:
    """Return the file with what an image says of itself, which a preview then needs not ask."""
    key = project.full(project.contract_key(service))
    noted = {
        name.removeprefix(LABEL): text
        for name, text in sorted(found.labels.items())
        if name.startswith(LABEL)
    }
    if not noted:
        return file.without(key)
    noted = {"digest": str(found.reference.digest)} | noted
    return file if file.config.get(key) == noted else file.with_value(key, noted)


def _show_difference(before: StackFile, after: StackFile) -> None:
    console = Console(highlight=False, soft_wrap=True)
    lines = difflib.unified_diff(
        before.text.splitlines(), after.text.splitlines(), n=1, lineterm=""
    )
    console.print(Text(before.path.name, style="bold"))
    for line in list(lines)[2:]:
        style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")
        console.print(Text(line, style=style))


def _warn_of_move(registry: Registry) -> None:
    """Say so when the tag beside a digest names another image by now."""
    wanted = registry.reference
    if not (wanted.tag and wanted.digest):
        return
    try:
        now = tag_now(registry)
    except Refused as refused:
        _note(f"Warning: {refused.what}; the digest is what counts, and it is there")
        return
    if now != wanted.digest:
        _note(f"Warning: the tag {wanted.tag} has moved to {now}; the digest you named is pinned")


def _warn_of_major(service: str, old: Reference | None, new: Reference) -> None:
    """Say so when a database would have to read another major version's files."""
    versions = [re.match(r"\d+", image.tag or "") for image in (old, new) if image]
    majors = [found[0] for found in versions if found]
    if service == "db" and len(set(majors)) > 1:
        _note(
            f"Warning: PostgreSQL {majors[1]} cannot read the data of PostgreSQL {majors[0]}: "
            "the database would not start"
        )


def _warn_of_production(place: Project, service: str, new: Reference) -> None:
    """Say so when the public site would be the first to run an image."""
    if DEMO not in place.stacks:
        return
    tried = _current(place, place.stack(DEMO), service)
    if tried is None or tried.digest != new.digest:
        has = tried or "no image for it"
        _note(
            f"Warning: {DEMO} does not run this image, so nobody has tried it there; it has {has}"
        )


def _table(found: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("STACK", "SERVICE", "IMAGE", "DIGEST", "SOURCE", "PINNED", "AGE", "NOTE"):
        table.add_column(title, overflow="fold", no_wrap=title in {"STACK", "SERVICE", "DIGEST"})
    for row in found:
        image = row.reference and replace(row.reference, digest=None)
        table.add_row(
            row.stack,
            row.service,
            Text(str(image or row.setting or "-")),
            _short(row.digest),
            "built" if row.built else "published",
            "pinned" if row.pinned else "floating",
            age(row.created),
            Text(_remark(row), style="yellow" if row.moved or row.refused else ""),
        )
    return table


def _remark(row: Row) -> str:
    remarks: list[str] = []
    if not row.running:
        remarks.append("not run")
    if row.unpushed:
        remarks.append("not pushed yet")
    elif row.refused:
        remarks.append(f"? {row.refused.what}")
    elif not row.setting:
        remarks.append("not set")
    if row.moved:
        remarks.append(f"the tag has moved to {_short(row.now)}")
    return "; ".join(remarks)


def _row_described(row: Row) -> dict[str, Any]:
    reference = row.reference
    return {
        "stack": row.stack,
        "service": row.service,
        "setting": row.setting,
        "repository": reference and reference.repository,
        "tag": reference and reference.tag,
        "digest": row.digest,
        "source": "built" if row.built else "published",
        "pinned": row.pinned,
        "running": row.running,
        "created": row.created and row.created.isoformat(),
        "moved": row.moved,
        "problem": None if row.refused is None else row.refused.what,
    }


def _described(found: Resolved) -> dict[str, Any]:
    return {
        "reference": str(found.reference),
        "repository": found.reference.repository,
        "tag": found.reference.tag,
        "digest": found.reference.digest,
        "platforms": list(found.platforms),
        "created": found.created and found.created.isoformat(),
    }


def _short(digest: str | None) -> str:
    return (digest or "").removeprefix("sha256:")[:12]


def _ago(made: str) -> str:
    return made if made == "today" else f"{made} ago"


def _note(text: str) -> None:
    # What was said before stands before it, in a log that takes both.
    sys.stdout.flush()
    print(text, file=sys.stderr)

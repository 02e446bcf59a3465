"""The operators' command line, `ov`."""

from __future__ import annotations

import sys

import typer

from operations import github, images, preview
from operations.dev import command as dev
from operations.doctor import command as doctor
from operations.errors import Refused
from operations.graph import command as graph
from operations.smoke import command as smoke

app = typer.Typer(
    help="What operators of Open Vault type beside pulumi.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(dev.app, name="dev")
app.add_typer(github.app, name="github")
app.add_typer(images.app, name="images")
app.command("preview")(preview.command)
app.command("doctor")(doctor.command)
app.command("smoke")(smoke.command)
app.command("graph")(graph.command)


def main() -> None:
    """Run the command line: a refusal is words for a person and a code for a script."""
    try:
        app(prog_name="ov")
    except Refused as refused:
        sys.stdout.flush()
        print(f"{refused.what}:\n  {refused.why}.\n{refused.do}", file=sys.stderr)
        sys.exit(refused.code)

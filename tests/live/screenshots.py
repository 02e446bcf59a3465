"""`make screenshots`: what the README shows of a real run, from the sandbox that is up."""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from sandbox.instance import CHECKOUT
from tests.live.browser import browser
from tests.live.platform import Platform

FOLDER = CHECKOUT / "docs" / "pictures"
_WIDTH = 112

# What is shown of a log: how each step ended, and everything from the site's address on.
_ENDED = re.compile(r"(?P<step>[a-z ]+) (?P<done>done in \S+ s): (?P<said>.*)")
_FOUND = re.compile(r"^Site ", re.MULTILINE)
# A picture asks nobody for a font: the reader's own is as good.
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def terminal(log: str) -> str:
    """Return the picture of a terminal in which `make up` ended with *log*, as SVG."""
    screen = Console(record=True, width=_WIDTH, file=io.StringIO(), color_system="truecolor")
    screen.print(Text.assemble(("$ ", "dim"), ("make up", "bold")))
    found = _FOUND.search(log)
    if found is None:
        raise LookupError("the log does not end with a site's address: did make up end well?")
    for line in log[: found.start()].splitlines():
        if match := _ENDED.fullmatch(line):
            screen.print(
                Text.assemble(f"{match['step']} ", (match["done"], "green"), f": {match['said']}")
            )
    screen.print()
    told, _, _ = log[found.start() :].partition("\nreal\t")
    for line in told.rstrip().splitlines():
        screen.print(Text(line))
    # The picture ends with its last line, and would cut what hangs below it.
    screen.print()
    drawn = screen.export_svg(title="make up", theme=MONOKAI, unique_id="make-up")
    label = (
        "A terminal in which make up built the platform, step by step, and says where the site is"
    )
    named = f'<svg role="img" aria-label="{label}" '
    return _FONTS.sub("", drawn).replace("<svg ", named, 1)


def site(platform: Platform, path: Path) -> None:
    """Photograph the home page, as a visitor has it."""
    with (
        tempfile.TemporaryDirectory() as home,
        browser(Path(home), Path(platform.environment["OV_CA_FILE"])) as context,
    ):
        page = context.new_page()
        page.set_viewport_size({"width": 1120, "height": 760})
        page.set_default_timeout(15_000)
        page.goto(platform.site)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=path, type="jpeg", quality=80)


def main() -> None:
    """Write both pictures; the log of a first `make up` may be given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, help="what make up said; it is run again unless given")
    given = parser.parse_args().log
    if given:
        log = given.read_text()
    else:
        log = subprocess.run(
            ["make", "--silent", "up"], cwd=CHECKOUT, check=True, capture_output=True, text=True
        ).stdout
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "make-up.svg").write_text(terminal(log))
    site(Platform.of_this_run(), FOLDER / "site.jpg")
    print(f"written: {FOLDER / 'make-up.svg'}, {FOLDER / 'site.jpg'}")


if __name__ == "__main__":
    main()

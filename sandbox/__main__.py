"""`python -m sandbox`: a refusal is words for a person, never a traceback."""

from __future__ import annotations

import errno
import sys

from sandbox.cli import app
from sandbox.errors import Refusal


def main() -> None:
    """Run the command line."""
    try:
        app()
    except Refusal as refusal:
        _say(refusal)
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        _say(
            Refusal(
                "The disk is full",
                f"writing {problem.filename or 'a file'} failed",
                "Free some space, then type the same again",
            )
        )


def _say(refusal: Refusal) -> None:
    print(f"\n{refusal.what}:\n  {refusal.why}\n{refusal.do}", file=sys.stderr)
    sys.exit(1)


main()

"""Which services there are beside the site's own, for who wants no more than their names."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

_PROGRAM = Path(__file__).with_name("openvault.py")


@cache
def companions(program: Path = _PROGRAM) -> tuple[str, ...]:
    """Return COMPANIONS as *program*'s text has it, without loading the engine's SDK."""
    for node in ast.parse(program.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "COMPANIONS":
            return tuple(ast.literal_eval(node.value or ast.Tuple([])))
    raise ValueError(f"{program} has no COMPANIONS")


def setting(service: str) -> str:
    """Return what the settings of *service* begin with: oldLinks for old-links."""
    first, *others = service.split("-")
    return first + "".join(word.capitalize() for word in others)

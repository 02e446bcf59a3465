"""`make pictures`: draw both generations as the program declares them, wherever they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from declared.engine import Engine
from declared.pictures.files import README, files
from declared.stacks import OUTSIDE, OUTSIDE_SECRETS, ROOT, SECRETS, configured, declare

# The stack that has everything.
STACK = "ov-demo"


def _engine(keys: tuple[str, ...], choices: Mapping[str, str]) -> Engine:
    """Return what the program declares where each secret is a placeholder that opens nothing."""
    secrets = {key: f"placeholder-{key}-".ljust(50, "0") for key in keys}
    config = configured(STACK, secrets, **choices)
    return declare(STACK, config, [f"openvault:{key}" for key in keys])


def main() -> None:
    """Write each file that is not yet what it has to be."""
    declared = {
        "0.x": _engine(SECRETS, {}).manifests,
        "1.x": _engine(SECRETS + OUTSIDE_SECRETS, OUTSIDE).manifests,
    }
    for name, text in files(declared, (ROOT / README).read_text()).items():
        path = ROOT / name
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            print(f"written: {name}")


if __name__ == "__main__":
    main()

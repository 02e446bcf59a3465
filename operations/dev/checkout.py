"""A checkout of an application, before it is mounted."""

from __future__ import annotations

import json
from pathlib import Path

from operations.errors import Exit, Refused

# Where volumes are mounted in a checkout, which is only read: the folders have to be there.
_WAG = ("media", "static")
_FRONTEND = ("node_modules",)


def wag(path: Path) -> dict[str, str]:
    """Return the variables that mount a checkout of ov-wag."""
    checkout = _folder(path, "ov-wag", "wag")
    if not (checkout / "manage.py").is_file():
        raise _other(checkout, "ov-wag", "it has no manage.py", "wag")
    _make(checkout, _WAG)
    return {"OV_WAG_CHECKOUT": str(checkout)}


def frontend(path: Path) -> dict[str, str]:
    """Return the variables that mount a checkout of ov-frontend."""
    checkout = _folder(path, "ov-frontend", "frontend")
    for name in ("package.json", "package-lock.json"):
        if not (checkout / name).is_file():
            raise _other(checkout, "ov-frontend", f"it has no {name}", "frontend")
    try:
        scripts = json.loads((checkout / "package.json").read_text()).get("scripts", {})
    except (ValueError, AttributeError):
        raise _other(checkout, "ov-frontend", "its package.json is no JSON", "frontend") from None
    if "dev" not in scripts:
        raise _other(checkout, "ov-frontend", "npm run dev means nothing there", "frontend")
    _make(checkout, _FRONTEND)
    owner = checkout.stat()
    return {
        "OV_FRONTEND_CHECKOUT": str(checkout),
        "OV_FRONTEND_OWNER": f"{owner.st_uid}:{owner.st_gid}",
    }


def _folder(path: Path, what: str, option: str) -> Path:
    checkout = path.expanduser().resolve()
    if not checkout.is_dir():
        raise _other(checkout, what, "there is no such folder", option)
    if "'" in str(checkout):
        raise _other(
            checkout, what, "its path has a quotation mark, which .env cannot hold", option
        )
    return checkout


def _make(checkout: Path, names: tuple[str, ...]) -> None:
    for name in names:
        try:
            (checkout / name).mkdir(exist_ok=True)
        except OSError as error:
            raise Refused(
                Exit.USAGE,
                f"{checkout / name} cannot be made, where a volume is mounted",
                str(error.strerror),
                f"Type as its owner: mkdir -p {checkout / name}",
            ) from None


def _other(path: Path, what: str, why: str, option: str) -> Refused:
    return Refused(
        Exit.USAGE,
        f"{path} is no checkout of {what}",
        why,
        f"Type the folder that has one: ./ov dev up --{option} PATH",
    )

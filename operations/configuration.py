"""The page about all settings, written from the schema in Pulumi.yaml: `make config-docs`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import yaml

from operations.project import CHECKOUT

PAGE = CHECKOUT / "docs" / "configuration.md"

_HEAD = """\
# Configuration

All that a stack may choose. This page is written by `make config-docs` from the schema in
`Pulumi.yaml`, which is the one to change. What the two stacks choose is in `Pulumi.openvault.yaml`
and `Pulumi.ov-demo.yaml`, and nothing else is there.

```sh
pulumi config -s ov-demo                              # what the demo chooses
pulumi config set siteUrl https://demo.example.org -s ov-demo
pulumi config set --path replicas.ov-frontend 2 -s ov-demo
pulumi config set --secret adminPassword -s ov-demo   # asks for the value and seals it
pulumi config rm ingressClass -s ov-demo              # back to the default
```

A key that is not on this page is refused, and so is a value that cannot be right: with the key, the
value, what is allowed and what to type, before anything is touched. Without a default, a setting
must be chosen, unless it says what empty means.

A service that was added to the site (`COMPANIONS` in `components/openvault.py`) has three settings
more, whose names begin with its own: `feedImage`, `feedBuild` and `feedContract` for one called
`feed`, of the same kind as `proxyImage`, `proxyBuild` and `proxyContract`. A stack without them
does without the service.
"""

# A heading among the settings, and a setting, as they stand in the file.
_LINE = re.compile(r"  (?:# (?P<section>.+)|(?P<key>\w+):)")


def page(project: str) -> str:
    """Return the page about the settings that *project*, the text of Pulumi.yaml, declares."""
    schema = cast("Mapping[str, Mapping[str, Any]]", yaml.safe_load(project)["config"])
    parts = [_HEAD]
    for section, keys in _sections(project):
        parts.append(f"\n## {section}\n\n| Setting | Type | Default | |\n|---|---|---|---|\n")
        parts += [_row(key, schema[key]) for key in keys]
    return "".join(parts)


def _sections(project: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each heading with the settings below it, in their order."""
    title, keys = "", list[str]()
    for line in project.partition("\nconfig:\n")[2].splitlines():
        match = _LINE.fullmatch(line)
        if match and match["section"]:
            if keys:
                yield title, keys
            title, keys = match["section"], []
        elif match:
            keys.append(match["key"])
    yield title, keys


def _row(key: str, declared: Mapping[str, Any]) -> str:
    kind = "secret" if declared.get("secret") else declared["type"]
    return f"| `{key}` | {kind} | {_default(declared['default'])} | {declared['description']} |\n"


def _default(value: object) -> str:
    if value in ("", {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page((CHECKOUT / "Pulumi.yaml").read_text()))


if __name__ == "__main__":
    main()

"""The folder an image is built from, looked through before Docker gets it."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from components.reference import Build

# What opens doors, and what nobody who pulls an image should be able to read in it.
_NEVER = (
    ".env", ".env.*", ".git", ".ssh", ".aws", ".kube", ".netrc", ".pgpass",
    "*.pem", "*.key", "*.p12", "*.pfx", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*",
    "kubeconfig", "Pulumi.*.yaml", "Pulumi.*.yml",
)  # fmt: skip
# Their makers hand these around on purpose.
_HARMLESS = (".env.example", ".env.sample", ".env.template", "*.pub")

_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:|github\.com/).*", re.IGNORECASE)
_TOLD = 5

# A line of a .dockerignore, and whether it keeps what an earlier one left out.
Pattern = tuple[re.Pattern[str], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is wrong with a build, and what to do; without that, another context must be chosen."""

    problem: str
    way_out: str = ""


def faults(root: Path, build: Build) -> list[Fault]:
    """Return everything for which *build* must not begin; its paths are relative to *root*."""
    folder = root / build.context
    if _REMOTE.fullmatch(build.context):
        problem = f"context {build.context} is an address, and only a local folder can be built"
        address, _, version = build.context.partition("#")
        branch = f" --branch {version}" if version else ""
        return [Fault(problem=problem, way_out=f"Type: git clone {address} ../checkout{branch}")]
    if not folder.is_dir():
        state = "is no folder" if folder.exists() else "does not exist"
        return [Fault(problem=f"context {build.context} {state} (looked for in {root})")]
    if not (folder / build.dockerfile).is_file():
        problem = f"there is no Dockerfile {build.dockerfile} in context {build.context}"
        return [Fault(problem=problem, way_out=f"Write {folder / build.dockerfile}")]
    return _content(folder, build)


def _content(folder: Path, build: Build) -> list[Fault]:
    ignore = folder / f"{build.dockerfile}.dockerignore"
    if not ignore.is_file():
        ignore = folder / ".dockerignore"
    text = ignore.read_text(encoding="utf-8", errors="replace") if ignore.is_file() else ""
    try:
        left_out = patterns(text)
    except re.error as error:
        problem = f"{build.context}/{ignore.name} has a pattern that means nothing: {error.pattern}"
        return [Fault(problem=problem, way_out=f"Correct {ignore}")]
    private: list[str] = []
    odd: list[str] = []
    for path, entry in _walk(folder, "", left_out, [False] * len(left_out)):
        if _is_private(entry.name):
            private.append(path)
        elif not _is_plain(entry):
            odd.append(path)
    found: list[Fault] = []
    if private:
        found.append(
            Fault(
                problem=f"context {build.context} contains what must not be in an image: "
                f"{_list(private)}",
                way_out=f"Write into {build.context}/{ignore.name}: {' '.join(private[:_TOLD])}"
                "    (one a line)",
            )
        )
    if odd:
        # Docker's provider reads a folder no further than to such an entry, without a word, and
        # later changes behind it would build nothing.
        found.append(
            Fault(
                problem=f"context {build.context} contains links that lead nowhere, or files that "
                f"are neither file nor folder: {_list(odd)}",
                way_out=f"Remove them, or write them into {build.context}/{ignore.name}",
            )
        )
    return found


def _walk(
    folder: Path, below: str, patterns: Sequence[Pattern], inherited: Sequence[bool]
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield what is sent to Docker; nothing in what must not be sent at all."""
    for entry in sorted(os.scandir(folder / below), key=lambda each: each.name):
        path = posixpath.join(below, entry.name)
        ignored, matched = judged(path, patterns, inherited)
        inside = entry.is_dir(follow_symlinks=False)
        if not ignored and (not inside or _is_private(entry.name)):
            yield path, entry
        elif inside and (not ignored or any(keeps for _, keeps in patterns)):
            yield from _walk(folder, path, patterns, matched)


def _is_private(name: str) -> bool:
    if any(fnmatchcase(name, pattern) for pattern in _HARMLESS):
        return False
    return any(fnmatchcase(name, pattern) for pattern in _NEVER)


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """Return whether Docker's provider can read it: a file, or a link that leads somewhere."""
    try:
        mode = Path(entry.path).stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or (entry.is_symlink() and stat.S_ISDIR(mode))


def judged(
    path: str, patterns: Sequence[Pattern], inherited: Sequence[bool]
) -> tuple[bool, list[bool]]:
    """Return whether a .dockerignore leaves *path* out, and which of its patterns match.

    The last one that matches decides. What a folder's name matches, all that is in it matches too;
    but a pattern that would change nothing is not asked, and so passes nothing on.
    """
    ignored = False
    matched: list[bool] = []
    for (pattern, keeps), before in zip(patterns, inherited, strict=True):
        matches = before or (keeps == ignored and pattern.fullmatch(path) is not None)
        ignored = not keeps if matches else ignored
        matched.append(matches)
    return ignored, matched


def patterns(text: str) -> list[Pattern]:
    """Return each pattern of a .dockerignore, and whether it keeps what an earlier one left out."""
    found: list[Pattern] = []
    for line in text.removeprefix("\ufeff").splitlines():
        pattern = line.strip()
        if pattern and not line.startswith("#"):
            keeps = pattern.startswith("!")
            path = posixpath.normpath(pattern.removeprefix("!").strip()).lstrip("/")
            found.append((re.compile(_expression(path), re.DOTALL), keeps))
    return found


def _expression(path: str) -> str:
    """Return a pattern as a regular expression: `*` stays inside a folder, `**` does not."""
    spoken = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    words = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]+\]|\\.)", path)
    return "".join(spoken.get(word) or _literal(word) for word in words)


def _literal(word: str) -> str:
    if len(word) > 2 and word.startswith("["):
        return word
    return re.escape(word[1:] if len(word) == 2 and word.startswith("\\") else word)


def _list(names: list[str]) -> str:
    rest = len(names) - _TOLD
    return ", ".join(names[:_TOLD]) + (f" and {rest} more" if rest > 0 else "")

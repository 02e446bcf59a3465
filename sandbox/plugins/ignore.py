"""What a .dockerignore leaves out, decided as BuildKit decides it."""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class PatternError(ValueError):
    """A pattern that means nothing."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    keeps: bool
    expression: re.Pattern[str]


class Ignored:
    """The patterns of one .dockerignore."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = list(patterns)
        try:
            self._compiled = [_compile(pattern) for pattern in self.patterns]
        except PatternError as error:
            raise PatternError(
                f"invalid excludepatterns: [{' '.join(self.patterns)}]: {error}"
            ) from None

    @property
    def keeps_some(self) -> bool:
        """Whether something inside an ignored folder may be kept after all."""
        return any(pattern.keeps for pattern in self._compiled)

    def judge(self, path: str, parent: Sequence[bool] | None) -> tuple[bool, list[bool]]:
        """Return whether *path* is ignored, and which patterns it matched, for what it contains.

        *parent* is what was matched by the folder it is in; the last pattern that matches decides.
        """
        ignored = False
        matches: list[bool] = []
        for number, pattern in enumerate(self._compiled):
            matched = parent is not None and parent[number]
            if not matched and pattern.keeps == ignored:
                matched = pattern.expression.fullmatch(path) is not None
            if matched:
                ignored = not pattern.keeps
            matches.append(matched)
        return ignored, matches


def parse(text: str) -> list[str]:
    """Return the patterns of a .dockerignore: no comments, cleaned paths, relative to the top."""
    patterns: list[str] = []
    for line in text.removeprefix("\ufeff").split("\n"):
        if line.startswith("#"):
            continue
        pattern = line.strip()
        if not pattern:
            continue
        keeps = pattern.startswith("!")
        path = pattern.removeprefix("!").strip() if keeps else pattern
        if path:
            path = posixpath.normpath(path)
            path = path.lstrip("/") or "/"
        patterns.append(f"!{path}" if keeps else path)
    return patterns


def _compile(pattern: str) -> _Pattern:
    keeps = pattern.startswith("!")
    path = pattern[1:] if keeps else pattern
    if keeps and not path:
        raise PatternError('illegal exclusion pattern: "!"')
    try:
        return _Pattern(keeps, re.compile(_expression(path), re.DOTALL))
    except (re.error, IndexError):
        raise PatternError("syntax error in pattern") from None


def _expression(path: str) -> str:
    """Return the regular expression for *path*: `*` stays inside a folder, `**` does not."""
    out = ""
    at = 0
    while at < len(path):
        letter = path[at]
        at += 1
        if path.startswith("**", at - 1):
            at += 1
            if path.startswith("/", at):
                at += 1
            out += ".*" if at >= len(path) else "(?:.*/)?"
        elif letter == "*":
            out += "[^/]*"
        elif letter == "?":
            out += "[^/]"
        elif letter == "\\":
            out += re.escape(path[at])
            at += 1
        elif letter == "[":
            end = _end_of_class(path, at)
            out += _letters(path[at:end])
            at = end + 1
        else:
            out += re.escape(letter)
    return out


def _end_of_class(path: str, start: int) -> int:
    """Return where the letters that began at *start* end; an empty or open class is an error."""
    at = start + (path[start] == "^")
    first = at
    while path[at] != "]":
        at += 2 if path[at] == "\\" else 1
    if at == first:
        raise IndexError
    return at


def _letters(inside: str) -> str:
    negated = inside.startswith("^")
    body = inside[1:] if negated else inside
    body = re.sub(r"(?<!\\)\[", r"\\[", body)
    return f"[{'^' if negated else ''}{body}]"

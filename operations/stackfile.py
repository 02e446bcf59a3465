"""A stack's settings file, changed in one place and left alone in every other, byte for byte."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml

from operations.errors import Exit, Refused


@dataclass(frozen=True, slots=True)
class StackFile:
    """The text of a settings file, with its line endings, comments and order as they are."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> StackFile:
        """Return the file at *path*; refuse one that is no YAML."""
        try:
            file = cls(path, path.read_bytes().decode())
            loaded(file.text)
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise Refused(
                Exit.SETTINGS,
                f"{path} cannot be read",
                " ".join(str(error).split()),
                "Repair the file, or fetch it again: git checkout -- " + path.name,
            ) from error
        return file

    @property
    def config(self) -> dict[str, Any]:
        """What the file chooses, by full key."""
        config: object = loaded(self.text).get("config")
        return cast("dict[str, Any]", config) if isinstance(config, dict) else {}

    def with_value(self, key: str, value: str | Mapping[str, str]) -> StackFile:
        """Return the file with *key* set to *value*: text in the quotes the old one had.

        An object takes one line, whatever the old one took.
        """
        for name, node in self._entries():
            if name.value == key:
                if isinstance(value, Mapping):
                    return self.without(key).with_value(key, value)
                if not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"}:
                    raise self._by_hand(key, value)
                first, last = _start(node), _end(node)
                quote = node.style or ("" if last > first else " ")
                new = f"{quote}{value}{quote.strip()}"
                text = self.text[:first] + new + self.text[last:]
                return self._checked(replace(self, text=text), key, value)
        line = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return self._checked(self._with_line(key, line), key, value)

    def without(self, key: str) -> StackFile:
        """Return the file without *key* and all that belongs to it."""
        for name, node in self._entries():
            if name.value == key:
                first = _start(name) - name.start_mark.column
                text = self.text[:first] + self.text[self._next_line(node) :]
                return self._checked(replace(self, text=text), key, None)
        return self

    def write(self, before: StackFile) -> None:
        """Replace the file by this text, wholly or not at all."""
        target = self.path.resolve()
        try:
            self._replace(target, before)
        except OSError as error:
            raise Refused(
                Exit.SETTINGS,
                f"{self.path} cannot be written",
                (error.strerror or str(error)).lower(),
                f"See who may, and whether there is room: ls -l {target}; df {target.parent}",
            ) from None

    def _replace(self, target: Path, before: StackFile) -> None:
        if target.read_bytes() != before.text.encode():
            raise Refused(
                Exit.SETTINGS,
                f"{self.path.name} was changed by somebody else meanwhile",
                "nothing was written",
                "Save what your editor holds, then type the same again",
            )
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        half = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.text.encode())
                file.flush()
                os.fsync(file.fileno())
            shutil.copymode(target, half)
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)

    def _entries(self) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        """Yield each key and value below `config`, if that is written one entry per line."""
        for name, node in _pairs(yaml.compose(self.text, yaml.SafeLoader)):
            if name.value == "config" and isinstance(node, yaml.MappingNode):
                yield from () if node.flow_style else _pairs(node)

    def _with_line(self, key: str, value: str) -> StackFile:
        """Return the file with a new line for *key*, below the settings it is like."""
        entries = list(self._entries())
        if not entries:
            raise self._by_hand(key, value)
        alike = [pair for pair in entries if pair[0].value.endswith(("Image", "Build"))]
        name, node = (alike or entries)[-1]
        end = "\r\n" if "\r\n" in self.text else "\n"
        at = self._next_line(node)
        before = self.text[:at]
        before += "" if before.endswith("\n") else end
        line = f"{' ' * name.start_mark.column}{key}: {value}{end}"
        return replace(self, text=before + line + self.text[at:])

    def _next_line(self, node: yaml.Node) -> int:
        """Return where the line after a value begins."""
        last = _last(node)
        if isinstance(last, yaml.ScalarNode) and last.style in {"|", ">"}:
            return _end(last)
        return self.text.find("\n", _end(last)) + 1 or len(self.text)

    def _checked(self, changed: StackFile, key: str, value: object) -> StackFile:
        """Return *changed* if it says what this file says but for *key*; else refuse to guess."""
        wanted = {name: given for name, given in self.config.items() if name != key}
        if value is not None:
            wanted[key] = value
        try:
            same = changed.config == wanted and changed._rest() == self._rest()
        except yaml.YAMLError:
            same = False
        if not same:
            raise self._by_hand(key, value)
        return changed

    def _rest(self) -> dict[str, Any]:
        return {name: value for name, value in loaded(self.text).items() if name != "config"}

    def _by_hand(self, key: str, value: object) -> Refused:
        do = f"remove {key}" if value is None else f"write {key}: {value}"
        return Refused(
            Exit.SETTINGS,
            f"{self.path.name} is written in a way this command does not change",
            f"{key} is not one plain line below `config:`, once",
            f"Open the file and {do}",
        )


@lru_cache
def loaded(text: str) -> Mapping[str, Any]:
    """Return what YAML says; nothing if that is no mapping. One text is read once, for all."""
    content: object = yaml.safe_load(text)
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}


def _pairs(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from cast("list[tuple[yaml.ScalarNode, yaml.Node]]", node.value)


def _start(node: yaml.Node) -> int:
    return cast("int", node.start_mark.index)


def _end(node: yaml.Node) -> int:
    return cast("int", node.end_mark.index)


def _last(node: yaml.Node) -> yaml.Node:
    """Return the last node in a value that knows where it ends; a block does not."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last(last[1] if isinstance(node, yaml.MappingNode) else last)
    return node

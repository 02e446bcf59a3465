"""A settings file changes in one place, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.errors import Exit, Refused
from operations.stackfile import StackFile

KEY = "openvault:backendImage"
NEW = "docker.io/wgbhmla/ov-wag:v0.3.0@sha256:" + 64 * "a"


def file(text: str) -> StackFile:
    return StackFile(Path("Pulumi.ov-demo.yaml"), text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("config:\n  KEY: old  # why\n\n  z: 1\n", "config:\n  KEY: NEW  # why\n\n  z: 1\n"),
        ("config:\n  KEY: 'old'\n", "config:\n  KEY: 'NEW'\n"),
        ('config:\n    "KEY":   "old" # why\n', 'config:\n    "KEY":   "NEW" # why\n'),
        ("config:\r\n  KEY: old\r\n  z: 1\r\n", "config:\r\n  KEY: NEW\r\n  z: 1\r\n"),
        ("\ufeffconfig:\n  KEY: old", "\ufeffconfig:\n  KEY: NEW"),
        ("config:\n  KEY:\n  z: 1\n", "config:\n  KEY: NEW\n  z: 1\n"),
        (
            "# é 🎞\nconfig:\n  KEY: old\n# end",
            "# é 🎞\nconfig:\n  KEY: NEW\n# end",
        ),
        ("config:\n  KEY:\n    old\nz:\n- 1\n", "config:\n  KEY:\n    NEW\nz:\n- 1\n"),
        ("a: &x {KEY: no}\nconfig:\n  KEY: old\n", "a: &x {KEY: no}\nconfig:\n  KEY: NEW\n"),
    ],
    ids=["plain", "single", "double", "crlf", "mark", "empty", "strange", "below", "elsewhere"],
)
def test_a_value_changes_and_no_other_byte(before: str, after: str) -> None:
    before, after = (text.replace("KEY", KEY).replace("NEW", NEW) for text in (before, after))

    assert file(before).with_value(KEY, NEW).text == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("config:\n  a: 1\n", "config:\n  a: 1\n  KEY: NEW\n"),
        ("config:\n  a: 1", "config:\n  a: 1\n  KEY: NEW\n"),
        ("config:\r\n  a: 1\r\n", "config:\r\n  a: 1\r\n  KEY: NEW\r\n"),
        (
            "config:\n  xImage: 1  # x\n  # on z\n  z: 1\n",
            "config:\n  xImage: 1  # x\n  KEY: NEW\n  # on z\n  z: 1\n",
        ),
        (
            "config:\n  xBuild:\n    args:\n      A: b\n\n  # z\n  z: |\n    t\ns: s\n",
            "config:\n  xBuild:\n    args:\n      A: b\n  KEY: NEW\n\n  # z\n  z: |\n    t\ns: s\n",
        ),
        (
            "config:\n  z: |\n    text\n\nsalt: s\n",
            "config:\n  z: |\n    text\n\n  KEY: NEW\nsalt: s\n",
        ),
        ("config:\n  l:\n  - a\n  - b\n", "config:\n  l:\n  - a\n  - b\n  KEY: NEW\n"),
    ],
)
def test_a_new_key_stands_with_those_it_is_like(before: str, after: str) -> None:
    after = after.replace("KEY", KEY).replace("NEW", NEW)

    assert file(before).with_value(KEY, NEW).text == after


@pytest.mark.parametrize(
    "text",
    [
        "config: {KEY: old}\n",
        "config: {}\n",
        "config:\n",
        "{}\n",
        "config:\n  KEY:\n    secure: v1\n",
        "config:\n  KEY: |\n    old\n",
        "config:\n  KEY: old\n  z: 1\n  KEY: older\n",
        "config:\n  z: &x old\n  KEY: *x\n",
        "config:\n  KEY: &x old\n  z: *x\n",
    ],
)
def test_what_is_written_otherwise_is_left_to_its_writer(text: str) -> None:
    with pytest.raises(Refused, match="Open the file and write openvault:backendImage:") as refused:
        file(text.replace("KEY", KEY)).with_value(KEY, NEW)

    assert refused.value.code is Exit.SETTINGS


@pytest.mark.parametrize(
    "block",
    [
        "  KEY:\n    context: images/x\n    args:\n      A: b\n",
        "  KEY: {context: images/x}  # why\n",
        "  KEY:\n    context: images/x",
        "  KEY:\r\n    context: images/x\r\n",
    ],
)
def test_a_key_goes_with_all_that_belongs_to_it(block: str) -> None:
    rest = "# top\nconfig:\n  a: 1\n"

    assert file(rest + block.replace("KEY", KEY)).without(KEY).text == rest


def test_comments_around_a_removed_key_stay() -> None:
    text = f"config:\n  # on key\n  {KEY}:\n    context: x\n\n  # on z\n  z: 1\n"

    assert file(text).without(KEY).text == "config:\n  # on key\n\n  # on z\n  z: 1\n"


def test_a_key_that_is_not_there_removes_nothing() -> None:
    assert file("config:\n  a: 1\n").without(KEY).text == "config:\n  a: 1\n"


def test_a_file_is_replaced_in_one_go_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.ov-demo.yaml"
    path.write_bytes(b"config:\r\n  a: one\r\n")
    path.chmod(0o640)
    before = StackFile.read(path)

    with path.open("rb") as reader:
        before.with_value("a", "two").write(before)
        assert reader.read() == b"config:\r\n  a: one\r\n"

    assert path.read_bytes() == b"config:\r\n  a: two\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_to_a_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("config:\n  a: one\n")
    path = tmp_path / "Pulumi.ov-demo.yaml"
    path.symlink_to("real.yaml")
    before = StackFile.read(path)

    before.with_value("a", "two").write(before)

    assert path.is_symlink()
    assert path.read_text() == "config:\n  a: two\n"


def test_what_somebody_else_saved_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.ov-demo.yaml"
    path.write_text("config:\n  a: one\n")
    before = StackFile.read(path)
    path.write_text("config:\n  a: one\n  b: 2\n")

    with pytest.raises(Refused, match="changed by somebody else"):
        before.with_value("a", "two").write(before)
    assert path.read_text() == "config:\n  a: one\n  b: 2\n"


@pytest.mark.parametrize("content", [b"config: [", b"\xff\xfe", b"a: one\n---\nb: 2\n"])
def test_a_file_that_is_no_yaml_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.ov-demo.yaml"
    path.write_bytes(content)

    with pytest.raises(Refused, match=r"Pulumi\.ov-demo\.yaml cannot be read.*git checkout"):
        StackFile.read(path)

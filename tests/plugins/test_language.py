"""What the language host decides by itself."""

import sys
from pathlib import Path

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import language_pb2

from sandbox.plugins.language import MissingInterpreterError, installed, interpreter, runner


def program(root: Path, **options: str) -> language_pb2.ProgramInfo:
    given = Struct()
    given.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(root), program_directory=str(root / "sub"), options=given
    )


def environment(folder: Path) -> str:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return str(folder / "bin" / "python")


def test_a_relative_environment_lies_beside_the_project(tmp_path: Path) -> None:
    python = environment(tmp_path / "venv")

    assert interpreter(program(tmp_path, virtualenv="venv")) == python


def test_an_absolute_environment_is_taken_as_it_is(tmp_path: Path) -> None:
    python = environment(tmp_path / "elsewhere")

    assert interpreter(program(tmp_path / "x", virtualenv=f"{tmp_path}/elsewhere")) == python


def test_uv_keeps_its_environment_in_a_place_of_its_own(tmp_path: Path) -> None:
    python = environment(tmp_path / ".venv")

    assert interpreter(program(tmp_path, toolchain="uv")) == python


def test_without_an_environment_the_paths_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_PYTHON_CMD", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "python3").symlink_to(sys.executable)

    assert interpreter(program(tmp_path)) == str(tmp_path / "python3")


def test_a_missing_environment_is_told_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(MissingInterpreterError) as error:
        interpreter(program(tmp_path, virtualenv="nosuch"))

    assert str(error.value) == (
        f"Pulumi.yaml sets virtualenv to 'nosuch', but {tmp_path}/nosuch does not exist.\n"
        f"Type: python3 -m venv {tmp_path}/nosuch && {tmp_path}/nosuch/bin/python "
        f"-m pip install -r {tmp_path}/sub/requirements.txt"
    )


def test_a_folder_that_is_no_environment_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()

    with pytest.raises(MissingInterpreterError, match="is no virtual environment"):
        interpreter(program(tmp_path, virtualenv="plain"))


def test_a_missing_runner_is_told_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingInterpreterError, match="Type: make up"):
        runner()


def test_packages_that_others_need_are_named_only_on_request(tmp_path: Path) -> None:
    for name, needs in (("top", "Requires-Dist: Low.er>=1\n"), ("low_er", "")):
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n{needs}")

    assert list(installed([str(tmp_path)], required_too=False)) == [("top", "1.0")]
    assert sorted(installed([str(tmp_path)], required_too=True)) == [
        ("low_er", "1.0"),
        ("top", "1.0"),
    ]

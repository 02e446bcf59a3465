"""What a build sees, and the digest that decides when it is built again."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from sandbox.plugins.buildcontext import ContextError, digest, mode_words, resolve, write_archive

DOCKERFILE = b"FROM scratch\n"


def record(name: str, mode: str, content: bytes) -> bytes:
    """One file as the provider's format writes it, from the format's description alone."""
    return name.encode() + mode.encode() + hashlib.sha256(content).digest() + b"\0"


def expected(*records: bytes) -> str:
    first = record("Dockerfile", "----------", DOCKERFILE)
    return hashlib.sha256(b"".join([first, *records])).hexdigest()


DOCKERFILE_RECORD = record("Dockerfile", "-rw-r--r--", DOCKERFILE)


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "c"
    folder.mkdir()
    write(folder / "Dockerfile", DOCKERFILE)
    return folder


def write(path: Path, content: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def test_the_dockerfile_counts_first_and_again_as_a_file(context: Path) -> None:
    assert digest("c", "c/Dockerfile") == expected(DOCKERFILE_RECORD)


def test_files_count_in_the_order_of_their_names_and_a_folder_in_its_place(context: Path) -> None:
    write(context / "b" / "z", b"1")
    write(context / "b.txt", b"2")
    write(context / "a", b"3", 0o755)

    assert digest("c", "c/Dockerfile") == expected(
        DOCKERFILE_RECORD,
        record("a", "-rwxr-xr-x", b"3"),
        record("b/z", "-rw-r--r--", b"1"),
        record("b.txt", "-rw-r--r--", b"2"),
    )


def test_a_link_counts_with_the_place_it_leads_to(context: Path) -> None:
    write(context / "real" / "file", b"1")
    (context / "link").symlink_to("real/file")
    (context / "out").symlink_to("../elsewhere")
    write(context.parent / "elsewhere", b"2")

    assert digest("c", "c/Dockerfile") == expected(
        DOCKERFILE_RECORD,
        record("link", "Lrwxrwxrwx", b"c/real/file"),
        record("out", "Lrwxrwxrwx", b"elsewhere"),
        record("real/file", "-rw-r--r--", b"1"),
    )


def test_a_link_in_an_absolute_context_counts_with_an_absolute_place(context: Path) -> None:
    write(context / "real", b"1")
    (context / "link").symlink_to("real")

    assert digest(str(context), "c/Dockerfile") == expected(
        DOCKERFILE_RECORD,
        record("link", "Lrwxrwxrwx", f"{context}/real".encode()),
        record("real", "-rw-r--r--", b"1"),
    )


def test_a_dangling_link_ends_its_folder_as_in_the_official_plugin(context: Path) -> None:
    write(context / "d" / "a", b"1")
    (context / "d" / "b").symlink_to("nowhere")
    write(context / "d" / "c", b"2")
    write(context / "d" / "e" / "f", b"3")
    write(context / "g", b"4")

    assert digest("c", "c/Dockerfile") == expected(
        DOCKERFILE_RECORD,
        record("d/a", "-rw-r--r--", b"1"),
        record("g", "-rw-r--r--", b"4"),
    )


def test_a_pipe_counts_as_an_empty_thing_of_its_kind(context: Path) -> None:
    os.mkfifo(context / "pipe")
    (context / "pipe").chmod(0o600)

    assert digest("c", "c/Dockerfile") == expected(
        DOCKERFILE_RECORD, record("pipe", "prw-------", b"")
    )


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o100644, "-rw-r--r--"),
        (0o104755, "urwxr-xr-x"),
        (0o106755, "ugrwxr-xr-x"),
        (0o101777, "trwxrwxrwx"),
        (0o120777, "Lrwxrwxrwx"),
        (0o040755, "drwxr-xr-x"),
        (0o140755, "Srwxr-xr-x"),
        (0o020620, "Dcrw--w----"),
        (0, "----------"),
    ],
)
def test_modes_are_written_as_go_writes_them(mode: int, words: str) -> None:
    assert mode_words(mode) == words


def test_ignored_files_do_not_count_but_the_list_of_them_does(context: Path) -> None:
    ignore = b"# not these\n*.log\n!keep.log\nnode_modules\n"
    write(context / ".dockerignore", ignore)
    write(context / "a.log", b"1")
    write(context / "keep.log", b"2")
    write(context / "node_modules" / "x" / "y", b"3")

    assert digest("c", "c/Dockerfile") == expected(
        record(".dockerignore", "-rw-r--r--", ignore),
        DOCKERFILE_RECORD,
        record("keep.log", "-rw-r--r--", b"2"),
    )


def test_a_list_beside_the_dockerfile_replaces_the_contexts_own(context: Path) -> None:
    write(context / ".dockerignore", b"a\n")
    write(context / "Dockerfile.dockerignore", b"**\n")
    write(context / "a", b"1")

    assert digest("c", "c/Dockerfile") == expected()


def test_times_owners_and_empty_folders_do_not_count(context: Path) -> None:
    before = digest("c", "c/Dockerfile")
    os.utime(context / "Dockerfile", (1, 1))
    (context / "empty").mkdir()
    context.chmod(0o700)

    assert digest("c", "c/Dockerfile") == before


def test_a_loop_of_links_is_an_error(context: Path) -> None:
    (context / "d").mkdir()
    (context / "d" / "l").symlink_to("l")

    with pytest.raises(ContextError) as error:
        digest("c", "c/Dockerfile")

    assert str(error.value) == (
        'unable to hash build context: error while hashing "d/l": '
        "could not evaluate symlink at c/d/l: EvalSymlinks: too many links"
    )


def test_a_missing_context_is_an_error(context: Path) -> None:
    with pytest.raises(ContextError) as error:
        digest("nosuch", "c/Dockerfile")

    assert str(error.value) == (
        "unable to hash build context: resolve : lstat nosuch: no such file or directory"
    )


def test_a_file_as_context_is_an_error(context: Path) -> None:
    with pytest.raises(ContextError) as error:
        digest("c/Dockerfile", "c/Dockerfile")

    assert str(error.value) == (
        'reading "c/Dockerfile/.dockerignore": open c/Dockerfile/.dockerignore: not a directory'
    )


def test_a_folder_as_dockerfile_is_an_error(context: Path) -> None:
    with pytest.raises(ContextError) as error:
        digest("c", "c")

    assert str(error.value) == (
        'error hashing dockerfile "c": could not copy file c to hash: read c: is a directory'
    )


def test_a_pattern_without_meaning_is_an_error(context: Path) -> None:
    write(context / ".dockerignore", b"[\n")

    with pytest.raises(ContextError) as error:
        digest("c", "c/Dockerfile")

    assert str(error.value) == (
        "unable to hash build context: invalid excludepatterns: [[]: syntax error in pattern"
    )


def test_a_relative_path_stays_relative_through_its_links(context: Path) -> None:
    (context / "up").symlink_to("..")

    assert resolve("./c//up/c/Dockerfile") == "c/Dockerfile"
    assert resolve("c/up/..") == ".."


def archived(folder: str, dockerfile: str) -> tuple[str, dict[str, tarfile.TarInfo]]:
    file = io.BytesIO()
    name = write_archive(folder, dockerfile, file)
    file.seek(0)
    with tarfile.open(fileobj=file) as archive:
        return name, {member.name: member for member in archive.getmembers()}


def test_the_builder_gets_the_dockerfile_and_its_list_even_when_they_are_ignored(
    context: Path,
) -> None:
    write(context / ".dockerignore", b"*\n!app\n")
    write(context / "app" / "main.py", b"1")
    write(context / "secret.env", b"2")

    name, members = archived("c", "c/Dockerfile")

    assert name == "Dockerfile"
    assert set(members) == {".", ".dockerignore", "Dockerfile", "app", "app/main.py"}


def test_a_dockerfile_outside_its_context_travels_under_a_name_of_its_own(context: Path) -> None:
    (context / "app").mkdir()

    name, members = archived("c/app", "c/Dockerfile")

    assert name in members
    assert name.startswith(".dockerfile.")


def test_everything_in_a_context_belongs_to_root(
    context: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(context / "a", b"1", 0o4755)
    look = tarfile.TarFile.gettarinfo

    def owned(archive: tarfile.TarFile, path: str, name: str) -> tarfile.TarInfo:
        member = look(archive, path, name)
        member.uid, member.gid, member.uname, member.gname = 1000, 1000, "me", "us"
        return member

    monkeypatch.setattr(tarfile.TarFile, "gettarinfo", owned)
    _, members = archived("c", "c/Dockerfile")

    found = members["a"]
    assert (found.uid, found.gid, found.uname, found.gname) == (0, 0, "", "")
    assert found.mode == 0o4755

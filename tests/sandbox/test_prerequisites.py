"""A machine that lacks something is told so at once, with what to type."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import prerequisites
from sandbox.errors import Refusal
from sandbox.instance import Instance
from sandbox.prerequisites import ALWAYS, GIGABYTE, TO_UNPACK, Facts, Needs

STATE, CACHE = Path("/state"), Path("/cache")
INSTANCE = Instance(name="main", index=0, state=STATE, cache=CACHE, https_port=443)
EVERYTHING = Needs()
NOTHING = Needs(go=False, debian=False, node=False, postgres=False)

GOOD = Facts(
    system="Linux",
    processor="x86_64",
    user=0,
    python=(3, 11, 2),
    programs=frozenset({*ALWAYS, *TO_UNPACK, "npm", "java", "mvn"}),
    go=(1, 26, 8),
    node=(18, 19, 0),
    free={STATE: 50 * GIGABYTE, CACHE: 50 * GIGABYTE},
    devices={STATE: 1, CACHE: 2},
    memory=16 * GIGABYTE,
    cgroups=True,
    port=443,
    port_taken_by="",
    network_taken_by="",
    postgres_jar="",
)


def lacks(facts: Facts, needs: Needs = EVERYTHING) -> list[str]:
    return [str(lack) for lack in prerequisites.missing(facts, needs, INSTANCE)]


def test_a_good_machine_lacks_nothing() -> None:
    assert lacks(GOOD) == []


def test_all_that_is_missing_is_told_at_once_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine = GOOD

    def observe(_instance: Instance) -> Facts:
        return machine

    monkeypatch.setattr(prerequisites, "observe", observe)
    prerequisites.demand(INSTANCE, EVERYTHING)
    machine = replace(GOOD, user=1000, memory=2 * GIGABYTE)

    with pytest.raises(Refusal) as refused:
        prerequisites.demand(INSTANCE, EVERYTHING)
    assert "nothing was started" in refused.value.why
    assert "root's rights" in refused.value.why
    assert "4 GB of memory" in refused.value.why


@pytest.mark.parametrize(
    ("facts", "what", "remedy"),
    [
        (replace(GOOD, system="Darwin"), "Linux (this is Darwin)", "Debian 12 machine"),
        (replace(GOOD, processor="aarch64"), "x86_64 processor (this is aarch64)", "another"),
        (replace(GOOD, user=1000), "root's rights", "sudo make up"),
        (replace(GOOD, python=(3, 9, 2)), "Python 3.11", "apt-get install python3"),
        (replace(GOOD, go=()), "Go 1.26 or newer (there is none)", "https://go.dev/dl/"),
        (replace(GOOD, go=(1, 22, 1)), "Go 1.26 or newer (this is 1.22.1)", "https://go.dev/dl/"),
        (replace(GOOD, node=(16, 1, 0)), "Node.js 18", "apt-get install nodejs npm"),
        (replace(GOOD, memory=2 * GIGABYTE), "4 GB of memory", "larger machine"),
        (replace(GOOD, cgroups=False), "control groups", "mount -t cgroup2"),
        (
            replace(GOOD, free={STATE: GIGABYTE, CACHE: 50 * GIGABYTE}),
            "8 GB of disk space for /state (1 GB are free)",
            "OV_STATE=",
        ),
        (
            replace(GOOD, free={STATE: 50 * GIGABYTE, CACHE: GIGABYTE}),
            "16 GB of disk space for /cache (1 GB are free)",
            "OV_CACHE=",
        ),
        (
            replace(GOOD, port_taken_by="apache2 (process 7)"),
            "port 443, which is in use by apache2 (process 7)",
            "OV_HTTPS_PORT=9443 make up",
        ),
        (
            replace(GOOD, network_taken_by="tun0"),
            "addresses around 198.18.0.2, which tun0 has",
            "ip address show tun0",
        ),
    ],
)
def test_each_lack_is_one_line_with_its_remedy(facts: Facts, what: str, remedy: str) -> None:
    (lack,) = lacks(facts)

    assert what in lack
    assert remedy in lack
    assert "\n" not in lack


@pytest.mark.parametrize("program", sorted({*ALWAYS, *TO_UNPACK}))
def test_each_program_is_asked_for_by_its_package(program: str) -> None:
    (lack,) = lacks(replace(GOOD, programs=GOOD.programs - {program}))

    assert lack.startswith(f"the program {program}: apt-get install ")


def test_all_lacks_are_named_at_once() -> None:
    assert len(lacks(replace(GOOD, user=1000, go=(), port_taken_by="nginx (process 3)"))) == 3


def test_a_full_cache_needs_no_compiler_and_no_download() -> None:
    bare = replace(GOOD, go=(), node=(), programs=frozenset(ALWAYS))

    assert lacks(bare, NOTHING) == []


def test_one_disk_must_hold_state_and_cache_together() -> None:
    free = {STATE: 20 * GIGABYTE, CACHE: 20 * GIGABYTE}

    assert lacks(replace(GOOD, free=free)) == []
    (lack,) = lacks(replace(GOOD, free=free, devices={STATE: 1, CACHE: 1}))
    assert "24 GB of disk space for /state (20 GB are free)" in lack


def test_a_file_of_postgresql_replaces_java(tmp_path: Path) -> None:
    jar = tmp_path / "postgres.jar"
    jar.touch()
    without_java = replace(GOOD, programs=GOOD.programs - {"java", "mvn"})

    (lack,) = lacks(without_java)
    assert "Java and Maven" in lack
    assert "OV_POSTGRES_JAR=FILE" in lack
    assert lacks(replace(without_java, postgres_jar=str(jar))) == []
    (lack,) = lacks(replace(without_java, postgres_jar="/nowhere.jar"))
    assert "the file OV_POSTGRES_JAR=/nowhere.jar" in lack


def test_this_machine_can_be_looked_at() -> None:
    facts = prerequisites.observe(INSTANCE)

    assert facts.system
    assert set(facts.free) == {STATE, CACHE}

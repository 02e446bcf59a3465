"""PostgreSQL."""

import re

import pulumi
import pytest

from components.contract import Need
from components.db import Database, DatabaseArgs
from components.postgres import START, demand, least_memory, settings
from components.volume import VolumeArgs
from declared.engine import Engine, run
from tests import parts
from tests.parts import GENERATION

PASSWORD = "hunter2"


def database(*, password: str = PASSWORD, protect: bool = True) -> Engine:
    return run(
        lambda: Database(
            "db",
            DatabaseArgs(
                image=parts.artifact("postgres:14.2"),
                contract=GENERATION.database,
                password=pulumi.Output.secret(password),
                connections=34,
                volume=VolumeArgs(size="5Gi", storage_class="", protect=protect),
            ),
        )
    )


@pytest.fixture(scope="module")
def engine() -> Engine:
    return database()


def test_the_password_reaches_the_cluster_only_as_a_secret(engine: Engine) -> None:
    credentials = engine.one("Secret", "db-credentials")

    assert credentials.inputs["stringData"] == {"POSTGRES_PASSWORD": "hunter2"}
    assert [each.name for each in engine.seen if each.secret] == ["db-credentials"]
    assert engine.one("StatefulSet").env["POSTGRES_PASSWORD"] == (
        "db-credentials",
        "POSTGRES_PASSWORD",
    )


def test_there_is_one_writer(engine: Engine) -> None:
    spec = engine.one("StatefulSet").inputs["spec"]

    assert spec["replicas"] == 1
    assert engine.one("PersistentVolumeClaim").inputs["spec"]["accessModes"] == ["ReadWriteOnce"]


def test_a_pod_that_cannot_start_does_not_hold_up_its_successor(engine: Engine) -> None:
    assert engine.one("StatefulSet").inputs["spec"]["podManagementPolicy"] == "Parallel"


def test_the_volume_is_not_the_servers_to_delete(engine: Engine) -> None:
    assert "volumeClaimTemplates" not in engine.one("StatefulSet").inputs["spec"]
    assert engine.one("PersistentVolumeClaim", "ov-db").retain


def test_the_data_is_in_a_folder_of_the_volume(engine: Engine) -> None:
    server = engine.one("StatefulSet")
    (mount,) = (each for each in server.container["volumeMounts"] if each["name"] == "data")

    assert server.env["PGDATA"].startswith(f"{mount['mountPath']}/")


def test_it_runs_as_the_user_its_image_knows(engine: Engine) -> None:
    security = engine.one("StatefulSet").pod["securityContext"]

    assert (security["runAsUser"], security["fsGroup"]) == (70, 70)


def test_it_is_ready_when_it_answers_a_query(engine: Engine) -> None:
    command = engine.one("StatefulSet").container["readinessProbe"]["exec"]["command"]

    # By the superuser, for whom a connection is left when all others are taken.
    assert command == ["psql", "--username=postgres", "--command=SELECT 1"]


def test_who_recovers_after_a_crash_is_not_ended_for_it(engine: Engine) -> None:
    # pg_isready: 0 accepts connections, 1 refuses them while it starts, 2 does not answer.
    command = engine.one("StatefulSet").container["livenessProbe"]["exec"]["command"]

    assert command[-1] == "pg_isready --quiet --username=postgres || test $? = 1"


def test_recovery_after_a_crash_may_take_its_time(engine: Engine) -> None:
    startup = engine.one("StatefulSet").container["startupProbe"]

    assert startup["timeoutSeconds"] >= 600


def test_it_has_a_minute_to_stop_in_order(engine: Engine) -> None:
    assert engine.one("StatefulSet").pod["terminationGracePeriodSeconds"] == 60


def test_it_can_write_where_it_must(engine: Engine) -> None:
    mounts = {each["mountPath"] for each in engine.one("StatefulSet").container["volumeMounts"]}

    assert mounts >= {f"/{folder}" for folder in GENERATION.database.scratch}


def test_shared_memory_is_memory(engine: Engine) -> None:
    volumes = {each["name"]: each for each in engine.one("StatefulSet").pod["volumes"]}

    assert volumes["dev-shm"]["emptyDir"]["medium"] == "Memory"


def test_another_password_restarts_the_server_that_sets_it() -> None:
    first, second = (database(password=each).one("StatefulSet") for each in (PASSWORD, "*******"))
    mark = "secret.openvault/POSTGRES_PASSWORD"

    marks = [each.template["metadata"]["annotations"][mark] for each in (first, second)]
    assert marks[0] != marks[1]
    assert first.pod == second.pod


def test_the_site_is_no_superuser_of_its_database(engine: Engine) -> None:
    env = engine.one("StatefulSet").env

    assert env["POSTGRES_USER"] == env["POSTGRES_DB"] == "openvault"
    assert "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS" in START


def test_the_superuser_is_let_in_from_inside_the_container_alone() -> None:
    rules = START.partition("pg_hba.conf")[2].split("END")[1].split("\n")

    assert [rule.split()[-1] for rule in rules if rule.startswith("host")] == ["scram-sha-256"]
    assert 'host "$POSTGRES_DB" "$POSTGRES_USER" all scram-sha-256' in rules


def test_who_stops_the_container_stops_the_server() -> None:
    # As the first process it gets the signal of its image, which means: fast, and in order.
    assert START.rstrip().endswith('exec postgres -D "$PGDATA" "$@"')


def test_kubernetes_leaves_the_script_as_it_is() -> None:
    # It makes one dollar sign of two, and a value of $(NAME) where NAME is a variable.
    assert "$$" not in START
    assert not re.search(r"\$\(\w+\)", START)


def flags(*, memory: int = 512, connections: int = 34, storage: int = 10240) -> dict[str, str]:
    """Return the server's settings by their names."""
    need = Need(cpu=100, memory=128, memory_limit=memory)
    return dict(each.split("=", 1) for each in settings(need, connections, storage))


def test_the_server_is_given_every_setting(engine: Engine) -> None:
    command = engine.one("StatefulSet").container["command"]

    assert command[:2] == ["sh", "-c"]
    assert dict(each.split("=", 1) for each in command[5::2]) == flags(
        memory=1024, storage=5 * 1024
    )
    assert set(command[4::2]) == {"-c"}


@pytest.mark.parametrize("memory", [256, 512, 1024, 4096])
def test_all_that_the_server_takes_at_most_is_within_its_limit(memory: int) -> None:
    found = {
        key: int(value[:-2]) for key, value in flags(memory=memory).items() if value[-2:] == "MB"
    }
    most = int(flags(memory=memory)["max_connections"])
    sorting = found["work_mem"] * most // 4

    taken = found["shared_buffers"] + 2 * found["maintenance_work_mem"] + 8 * most + sorting
    assert taken <= memory
    assert taken > 0.9 * memory or found["work_mem"] == 64


def test_the_database_has_room_for_all_who_may_ask() -> None:
    # Two workers of four threads, thrice in a roll-out; the migration, tools, the superuser.
    assert demand(servers=1, threads=8) == 34
    assert int(flags(memory=512)["max_connections"]) >= 34
    assert int(flags(memory=least_memory(330), connections=330)["max_connections"]) >= 330


def test_another_back_end_restarts_no_database() -> None:
    assert flags(memory=1024, connections=34) == flags(memory=1024, connections=66)


def test_the_journal_leaves_room_on_a_small_volume() -> None:
    assert flags(storage=2048)["max_wal_size"] == "204MB"
    assert flags(storage=100)["max_wal_size"] == "128MB"
    assert flags(storage=1024 * 1024)["max_wal_size"] == "1024MB"

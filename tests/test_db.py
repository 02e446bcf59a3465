"""PostgreSQL."""

import pulumi
import pytest

from components.db import Database, DatabaseArgs
from components.volume import VolumeArgs
from tests import parts
from tests.engine import Engine, run
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


def test_it_is_ready_when_it_accepts_queries(engine: Engine) -> None:
    command = engine.one("StatefulSet").container["readinessProbe"]["exec"]["command"]

    assert command[0] == "pg_isready"
    # A server that fills a new volume answers on its socket, before it is the real one.
    assert "--host=127.0.0.1" in command


def test_recovery_after_a_crash_may_take_its_time(engine: Engine) -> None:
    startup = engine.one("StatefulSet").container["startupProbe"]

    assert startup["periodSeconds"] * startup["failureThreshold"] >= 600


def test_it_has_a_minute_to_stop_in_order(engine: Engine) -> None:
    assert engine.one("StatefulSet").pod["terminationGracePeriodSeconds"] == 60


def test_it_can_write_where_it_must(engine: Engine) -> None:
    mounts = {each["mountPath"] for each in engine.one("StatefulSet").container["volumeMounts"]}

    assert mounts >= {f"/{folder}" for folder in GENERATION.database.scratch}


def test_shared_memory_is_memory(engine: Engine) -> None:
    volumes = {each["name"]: each for each in engine.one("StatefulSet").pod["volumes"]}

    assert volumes["dev-shm"]["emptyDir"]["medium"] == "Memory"


def test_another_password_restarts_nothing() -> None:
    # The server reads it when it fills its volume, and never again.
    first, second = database(), database(password="*******")

    assert first.one("StatefulSet").inputs == second.one("StatefulSet").inputs

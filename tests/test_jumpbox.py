"""The tool kit."""

import pytest

from components.jumpbox import Jumpbox, JumpboxArgs
from declared.engine import Engine, run
from tests import parts
from tests.parts import GENERATION


@pytest.fixture(scope="module")
def engine() -> Engine:
    return run(
        lambda: Jumpbox(
            "jumpbox",
            JumpboxArgs(
                image=parts.artifact("jumpbox:v1"),
                contract=GENERATION.jumpbox,
                database=parts.database(),
            ),
        )
    )


def test_it_reaches_the_database_without_being_asked_for_anything(engine: Engine) -> None:
    assert engine.one("Deployment").env == {
        "PGHOST": "db",
        "PGPORT": "5432",
        "PGDATABASE": "site",
        "PGUSER": "owner",
        "PGPASSWORD": ("db-credentials", "POSTGRES_PASSWORD"),
    }


def test_nobody_reaches_it(engine: Engine) -> None:
    assert not engine.all("Service")
    assert "ports" not in engine.one("Deployment").container


def test_it_stays_until_it_is_told_to_go(engine: Engine) -> None:
    server = engine.one("Deployment")

    assert server.container["command"] == ["sleep", "infinity"]
    # It would not hear the signal, and has nothing to finish.
    assert server.pod["terminationGracePeriodSeconds"] == 1

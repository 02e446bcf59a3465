"""Remix."""

import pytest

from components.frontend import Frontend, FrontendArgs
from components.outside import Outside
from declared.engine import Engine, run
from tests import parts
from tests.parts import BACKEND, GENERATION


@pytest.fixture(scope="module")
def engine() -> Engine:
    return run(
        lambda: Frontend(
            "ov-frontend",
            FrontendArgs(
                image=parts.artifact("ov-frontend:v1"),
                contract=GENERATION.frontend,
                api=BACKEND,
                outside=Outside(),
                replicas=1,
            ),
        )
    )


def test_it_asks_the_back_end_by_an_address_with_a_scheme(engine: Engine) -> None:
    assert engine.one("Deployment").env["OV_API_URL"] == "http://ov-wag"


def test_it_is_told_nothing_secret(engine: Engine) -> None:
    assert engine.one("Deployment").env.keys() == {"OV_API_URL", "NODE_ENV"}
    assert not engine.all("Secret")


def test_it_hears_the_signal_to_stop(engine: Engine) -> None:
    # The image's own command has a shell in front of it, which may keep the signal to itself.
    assert engine.one("Deployment").container["command"] == ["npm", "run", "start"]


def test_a_back_end_that_is_away_restarts_nothing(engine: Engine) -> None:
    container = engine.one("Deployment").container

    assert container["startupProbe"]["exec"]["command"][-2:] == ["3000", "/about"]
    for probe in ("readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/about", "port": 3000}


def test_requests_in_flight_finish(engine: Engine) -> None:
    server = engine.one("Deployment")

    assert server.container["lifecycle"] == {"preStop": {"sleep": {"seconds": 15}}}
    assert server.inputs["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_it_needs_no_volume_and_no_node_of_its_own(engine: Engine) -> None:
    assert "volumes" not in engine.one("Deployment").pod
    assert "affinity" not in engine.one("Deployment").pod


def test_its_address_leads_to_it(engine: Engine) -> None:
    (port,) = engine.one("Service").inputs["spec"]["ports"]

    assert (port["port"], port["targetPort"]) == (80, 3000)

"""What an image asks, compared with what a stack would give it."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.contract import LABEL, Check, Contract, Need, Promise

CONTRACT = Contract(
    uid=1,
    gid=1,
    port=8000,
    required=frozenset({"OV_DB_HOST", "OV_SECRET_KEY"}),
    optional=frozenset({"OV_BASE_URL"}),
    volumes={"media": "/app/media"},
    need=Need(cpu=1, memory=1, memory_limit=1),
    ready=Check(path="/ready"),
    alive=Check(command=("true",)),
)
GIVEN = ["OV_DB_HOST", "OV_SECRET_KEY", "OV_BASE_URL"]


def promised(**labels: str) -> Promise:
    """Return the promise of an image with these labels."""
    promise = Promise.parse({f"{LABEL}{key}": text for key, text in labels.items()})
    assert promise
    return promise


def told(*offered: str, **labels: str) -> str:
    """Return what is said of an image that would be given these variables."""
    return "\n".join(CONTRACT.disagreements(offered, promised(**labels) if labels else None))


def test_what_agrees_is_not_spoken_of() -> None:
    assert told(*GIVEN) == ""
    assert told(*GIVEN[:2]) == ""


def test_a_missing_variable_is_named() -> None:
    assert told("OV_DB_HOST") == "the image needs OV_SECRET_KEY, which nothing offers"


def test_a_dead_variable_is_named() -> None:
    assert told(*GIVEN, "PRESS") == "PRESS would be given, and the image does not read it"


def test_a_mistyped_variable_is_told_with_the_one_that_was_meant() -> None:
    assert told("OV_DBHOST", "OV_SECRET_KEY") == (
        "the image needs OV_DB_HOST, and is given OV_DBHOST: is it OV_DB_HOST?\n"
        "OV_DBHOST would be given, and the image does not read it: is it OV_DB_HOST?"
    )
    assert "is it OV_BASE_URL?" in told(*GIVEN[:2], "OV_BASEURL")


def test_names_that_no_image_ever_read_are_refused() -> None:
    # Three that deployments of these applications have really set, for years.
    for dead in ("OV_WORKERS", "ES_GBH_INDEX", "OV_GOOGLE_CLIENT_ID"):
        assert f"{dead} would be given, and the image does not read it" in told(*GIVEN, dead)


def test_another_port_is_told() -> None:
    assert told(*GIVEN, port="80") == "port 8000 would be asked, and the image answers on port 80"
    assert told(*GIVEN, port="8000") == ""


@pytest.mark.parametrize(
    ("volumes", "expected"),
    [
        ("media=/app/media", ""),
        ("media=/srv", "volume media would be at /app/media, and the image expects it at /srv"),
        ("", "volume media would be at /app/media, and the image expects none"),
        (
            "media=/app/media logs=/logs",
            "the image expects a volume logs at /logs, and gets none",
        ),
    ],
)
def test_another_place_of_a_volume_is_told(volumes: str, expected: str) -> None:
    assert told(*GIVEN, volumes=volumes) == expected


def test_another_page_that_tells_how_it_is_is_told() -> None:
    assert told(*GIVEN, ready="/health") == (
        "whether it is ready would be asked at /ready, and not /health"
    )
    # Who is asked by a command is not asked by a page.
    assert told(*GIVEN, alive="/health") == ""


def test_what_an_image_says_of_its_environment_counts() -> None:
    assert told(*GIVEN, required="OV_DB_HOST", optional="OV_BASE_URL OV_SECRET_KEY") == ""
    assert "needs OV_API" in told(*GIVEN, required="OV_DB_HOST OV_SECRET_KEY OV_API")


def test_other_labels_promise_nothing() -> None:
    assert Promise.parse({"org.opencontainers.image.source": "https://example.org"}) is None


def test_labels_say_what_they_are_meant_to() -> None:
    assert promised(
        generation="0.x", port="80", required="A B", optional="", volumes="a=/b", alive="/c"
    ) == Promise(
        generation="0.x",
        port=80,
        required=frozenset({"A", "B"}),
        optional=frozenset(),
        volumes={"a": "/b"},
        alive="/c",
    )


@pytest.mark.parametrize(
    "label",
    [{"port": "http"}, {"volumes": "media"}, {"ready": "health"}, {"requires": "A"}],
)
def test_a_label_that_says_nothing_is_refused_by_name(label: Mapping[str, Any]) -> None:
    ((key, text),) = label.items()

    with pytest.raises(ValueError, match=f"{LABEL}{key}={text}"):
        promised(**label)


def test_an_environment_is_all_that_is_offered_or_a_refusal() -> None:
    assert list(CONTRACT.environment({"OV_SECRET_KEY": 1, "OV_DB_HOST": 2})) == [
        "OV_DB_HOST",
        "OV_SECRET_KEY",
    ]
    with pytest.raises(ValueError, match="does not read it"):
        CONTRACT.environment({"OV_SECRET_KEY": 1, "OV_DB_HOST": 2, "DEAD": 3})

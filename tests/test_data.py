"""What the data of a stack would not survive is refused by the whole program, before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from declared.stacks import DIGEST
from tests.stacks import settled, up

STACK = "ov-demo"
SIZES = {"ov-db": "10Gi", "ov-static": "1Gi", "ov-media": "20Gi"}


def claim(
    name: str, facts: Mapping[str, str] | None = None, *, size: str = "", noted: bool = True
) -> dict[str, Any]:
    """Return a claim as an earlier `up` left it in the cluster, but for *facts*."""
    made = settled(STACK).one("PersistentVolumeClaim", name).inputs["metadata"]
    changed = {f"data.openvault/{key}": value for key, value in (facts or {}).items()}
    notes = {**made["annotations"], **changed}
    return {
        "metadata": {"name": name, "annotations": notes} if noted else {"name": name},
        "spec": {
            "storageClassName": "standard",
            "resources": {"requests": {"storage": size or SIZES[name]}},
        },
    }


def held(*changed: Mapping[str, Any], grows: bool = False) -> dict[str, Any]:
    """Return what the cluster holds: every claim of the stack, some of them *changed*."""
    names = {each["metadata"]["name"] for each in changed}
    rest = [claim(name) for name in SIZES if name not in names]
    standard = {"metadata": {"name": "standard"}, "allowVolumeExpansion": grows}
    return {"persistentvolumeclaims": [*changed, *rest], "storageclasses": [standard]}


def refusal(cluster: Mapping[str, Any], **changes: Any) -> str:
    """Return what a person reads of *changes* to the settings of a stack that *cluster* holds."""
    with pytest.raises(pulumi.RunError) as raised:
        up(STACK, held=cluster, **changes)
    return str(raised.value)


def test_the_same_settings_are_let_through() -> None:
    assert up(STACK, held=held()).seen


def test_a_new_stack_has_nothing_to_lose() -> None:
    image = f"docker.io/library/postgres:16.1-alpine@{DIGEST}"

    assert up(STACK, databaseImage=image).seen


def test_another_major_version_of_postgresql_is_refused_with_both_ways_out() -> None:
    image = f"docker.io/library/postgres:16.1-alpine@{DIGEST}"

    assert refusal(held(), databaseImage=image) == (
        "The data of stack ov-demo would not survive these settings. Nothing was changed.\n"
        "- ov-db: PostgreSQL 16 cannot read the data of PostgreSQL 14.\n"
        "    Type: ./ov images pin db IMAGE:14.TAG -s ov-demo\n"
        "    Once the data are ready for it (docs/data.md): "
        "pulumi config set --path dataReadyFor.postgres 16 -s ov-demo"
    )


def test_an_older_major_version_is_refused_as_well() -> None:
    assert "PostgreSQL 14 cannot read the data of PostgreSQL 16" in refusal(
        held(claim("ov-db", {"postgres": "16"}))
    )


def test_a_patch_of_postgresql_is_let_through() -> None:
    image = f"docker.io/library/postgres:14.5-alpine@{DIGEST}"

    assert up(STACK, held=held(), databaseImage=image).seen


def test_data_that_were_made_ready_are_let_through_and_noted_as_such() -> None:
    image = f"docker.io/library/postgres:16.1-alpine@{DIGEST}"

    engine = up(STACK, held=held(), databaseImage=image, dataReadyFor={"postgres": 16})

    notes = engine.one("PersistentVolumeClaim", "ov-db").inputs["metadata"]["annotations"]
    assert notes["data.openvault/postgres"] == "16"


def test_ready_for_one_change_is_not_ready_for_another() -> None:
    image = f"docker.io/library/postgres:17.1-alpine@{DIGEST}"

    said = refusal(held(), databaseImage=image, dataReadyFor={"postgres": 16})

    assert "PostgreSQL 17 cannot read" in said


@pytest.mark.parametrize(
    ("fact", "old", "told"),
    [
        ("generation", "1.x", "generation 0.x cannot use what those of 1.x wrote"),
        ("folder", "data", "the data are in the folder data of the volume, and pgdata would be"),
        ("database", "vault", "the site's data are in the database vault"),
        ("owner", "archivist", "the site's data belong to archivist"),
    ],
)
def test_data_of_another_program_are_refused(fact: str, old: str, told: str) -> None:
    said = refusal(held(claim("ov-db", {fact: old})))

    assert told in said
    assert f"config set --path dataReadyFor.{fact} " in said


def test_a_claim_without_notes_is_of_the_time_before_them() -> None:
    said = refusal(held(claim("ov-db", noted=False)))

    assert "the site's data are in the database postgres, and openvault is another" in said
    assert "generation" not in said.replace("dataReadyFor.generation", "")


@pytest.mark.parametrize("name", SIZES)
def test_a_volume_cannot_shrink(name: str) -> None:
    said = refusal(held(claim(name, size="30Gi")))

    assert f"{name}: it has 30Gi, and no volume can shrink to {SIZES[name]}" in said
    content = {"ov-db": "database"}.get(name, name.removeprefix("ov-"))
    assert f"Type: pulumi config set {content}Storage 30720Mi -s ov-demo" in said


@pytest.mark.parametrize("size", ["10G", "5Gi", "5368709120", "500Mi"])
def test_a_volume_grows_where_its_class_lets_it(size: str) -> None:
    cluster = claim("ov-db", size=size)

    assert up(STACK, held=held(cluster, grows=True)).seen
    assert "storage class standard lets no volume grow to 10Gi" in refusal(held(cluster))


def test_a_size_that_kubernetes_spells_its_own_way_is_told_as_a_setting_is_spelled() -> None:
    said = refusal(held(claim("ov-db", size="12G")))

    assert "Type: pulumi config set databaseStorage 11445Mi -s ov-demo" in said


def test_another_storage_class_is_refused_for_a_volume_that_is_there() -> None:
    said = refusal(held(), storageClasses={"media": "fast"})

    assert "ov-media: it is of storage class standard, which is the cluster's usual one" in said
    assert "Type: pulumi config set --path storageClasses.media '' -s ov-demo" in said
    assert "ov-db" not in said


@pytest.mark.parametrize("content", ["database", "static", "media"])
def test_what_is_to_be_typed_is_a_setting(content: str) -> None:
    said = refusal(held(), storageClasses={content: "fast"})

    assert f"Type: pulumi config set --path storageClasses.{content} '' -s ov-demo" in said
    assert up(STACK, held=held(), storageClasses={content: ""}).seen


def test_the_usual_class_by_its_name_is_another_as_well() -> None:
    # For the provider it is: it would delete the claim and make a new one.
    assert "ov-static: it is of storage class" in refusal(held(), storageClass="standard")


def test_a_class_that_was_asked_for_stays_the_one() -> None:
    fast = claim("ov-media", {"storage-class": "fast"})
    fast["spec"]["storageClassName"] = "fast"

    assert up(STACK, held=held(fast), storageClasses={"media": "fast"}).seen
    said = refusal(held(fast))
    assert "cannot become one of the usual class" in said
    assert "Type: pulumi config set --path storageClasses.media 'fast' -s ov-demo" in said


def test_all_that_is_wrong_is_said_at_once() -> None:
    image = f"docker.io/library/postgres:16.1-alpine@{DIGEST}"

    said = refusal(held(claim("ov-media", size="30Gi")), databaseImage=image)

    assert "- ov-db: PostgreSQL 16" in said
    assert "- ov-media: it has 30Gi" in said

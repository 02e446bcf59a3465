"""The page about all settings."""

import pytest

from declared.stacks import ROOT, SCHEMA
from operations.configuration import PAGE, page

TEXT = page((ROOT / "Pulumi.yaml").read_text())


def test_the_page_that_is_read_is_the_one_the_schema_makes() -> None:
    assert PAGE.read_text() == TEXT, "type: make config-docs"


@pytest.mark.parametrize("key", SCHEMA)
def test_every_setting_has_its_row_and_its_description(key: str) -> None:
    (row,) = (line for line in TEXT.splitlines() if line.startswith(f"| `{key}` |"))

    assert row.endswith(f"| {SCHEMA[key]['description']} |")
    assert row.count(" | ") == 3


def test_every_heading_has_settings_below_it() -> None:
    sections = TEXT.split("\n## ")[1:]

    assert len(sections) >= 6
    assert all("\n| `" in section for section in sections)
    assert all(section.splitlines()[0] for section in sections)


def test_a_default_is_shown_as_it_is_typed() -> None:
    assert "| `protect` | boolean | `true` |" in TEXT
    assert "| `siteUrl` | string |  |" in TEXT


def test_a_secret_is_called_one() -> None:
    assert "| `secretKey` | secret |" in TEXT

"""What `make screenshots` makes of a log."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from declared.stacks import ROOT
from tests.live.screenshots import terminal

LOG = """\
prerequisites ...
prerequisites done in 0.3 s: all there
stack: + a word of the engine
stack done in 59.7 s: 62 created

Site        https://ov-demo.localhost

real	1m2.000s
"""


def said(svg: str) -> str:
    return "".join(ET.fromstring(svg).itertext()).replace("\N{NO-BREAK SPACE}", " ")


def test_a_terminal_shows_how_each_step_ended_and_where_the_site_is() -> None:
    shown = said(terminal(LOG))

    for words in ("$ make up", "prerequisites done in 0.3 s: all there", "62 created", "Site  "):
        assert words in shown
    for words in ("a word of the engine", "real"):
        assert words not in shown


def test_a_log_of_a_run_that_failed_is_refused() -> None:
    with pytest.raises(LookupError, match="did make up end well"):
        terminal("toolchain ...\n")


def test_no_picture_asks_another_host_for_anything() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").glob("*.svg"))

    assert len(pictures) >= 5
    for each in pictures:
        assert "url(http" not in each.read_text().replace('url("http', "url(http"), each.name

"""Nothing is lost while the site changes under its visitors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.events import unexplained
from tests.live.load import steady
from tests.live.platform import Platform
from tests.live.rolling import RATE, SERVERS, replace_everything, settle, visits

pytestmark = pytest.mark.live


def test_no_request_is_lost_while_everything_is_replaced(
    platform: Platform, tmp_path: Path
) -> None:
    settle(platform)
    with steady(platform, visits(platform), RATE, tmp_path) as load:
        replace_everything(platform)

    assert load.sent > 40 * RATE
    assert (load.failed, load.errors) == (0, []), load.statuses


def test_nobody_has_to_explain_a_warning_after_three_rolls(platform: Platform) -> None:
    settle(platform)
    platform.kubectl("delete", "events", "--all")

    platform.kubectl("rollout", "restart", *(f"deployment/{name}" for name in SERVERS))
    settle(platform)

    assert unexplained(platform) == []

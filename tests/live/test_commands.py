"""Every command that a page marks as runnable, typed on the sandbox: it ends as the page says."""

from __future__ import annotations

import re

import pytest

from tests.live.platform import Platform
from tests.test_handbook import COMMANDS
from tests.typed import Block, matches

pytestmark = pytest.mark.live

_END = re.compile(r"\n<<(\d+)>>\n")


@pytest.mark.parametrize("block", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_block_that_is_marked_answers_as_its_page_says(platform: Platform, block: Block) -> None:
    # One shell for all of a block, as for its reader: what one command sets, the next one has.
    lines = [f"{typed.command}\nprintf '\\n<<%s>>\\n' $?" for typed in block.commands]
    said = platform.run(
        "bash", "-c", "\n".join(["exec 2>&1", *lines]), check=False, timeout=120
    ).stdout
    *answers, rest = _END.split(said)

    assert rest == "", "the shell ended before its last command"
    assert len(answers) == 2 * len(block.commands)
    for typed, answer, code in zip(block.commands, answers[::2], answers[1::2], strict=True):
        assert int(code) == typed.code, f"{typed.command}\n{answer}"
        assert not typed.answer or matches(answer, typed.answer), f"{typed.command}\n{answer}"

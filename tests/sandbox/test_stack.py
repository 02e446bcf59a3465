"""The engine's words reach a person shortened, never changed."""

from __future__ import annotations

import pytest

from sandbox import stack

FAILED = """\
Updating (ov-demo):

 +  kubernetes:core/v1:Secret db creating (0s)
 +  kubernetes:core/v1:Secret db created (0.20s)

Diagnostics:
  kubernetes:apps/v1:Deployment (ov-wag):
    error: 1 error occurred:
        * the Deployment did not become ready

  pulumi:pulumi:Stack (openvault-ov-demo):
    error: update failed

Resources:
    + 12 created

Duration: 3s
"""

UP = """\
Updating (ov-demo):

 +  kubernetes:core/v1:Secret db creating (0s)
 ~  kubernetes:apps/v1:Deployment ov-wag updating (1s) [diff: ~spec]

Outputs:
    count: "3"

Resources:
    + 2 created
    ~ 1 updated
    +-1 replaced
    38 unchanged

Duration: 4s
"""


def test_a_failure_is_shown_by_its_diagnostics_alone() -> None:
    said = stack.diagnostics(FAILED)

    assert "the Deployment did not become ready" in said
    assert "created" not in said
    assert "Duration" not in said


def test_a_failure_without_diagnostics_is_shown_by_its_last_words() -> None:
    assert "error: no such stack" in stack.diagnostics("one\nerror: no such stack\n")


def test_resources_are_counted_by_what_happened_to_them() -> None:
    outcome = stack.outcome(UP)

    assert outcome.counts == {"created": 2, "updated": 1, "replaced": 1, "unchanged": 38}
    assert outcome.changed
    assert str(outcome) == "2 created, 1 updated, 1 replaced, 38 unchanged"


def test_an_update_that_changed_nothing_says_so() -> None:
    assert not stack.outcome("Resources:\n    42 unchanged\n\nDuration: 1s\n").changed


@pytest.mark.parametrize(
    ("line", "is_step"),
    [
        (" +  kubernetes:core/v1:Secret db creating (0s)", True),
        (" ~  kubernetes:apps/v1:Deployment ov-wag updating (1s) [diff: ~spec]", True),
        (" @ Updating....", False),
        ("@ updating....", False),
        (" +  kubernetes:core/v1:Secret db created (0.20s)", False),
        ("    + 2 created", False),
    ],
)
def test_a_step_is_what_happens_at_the_moment(line: str, *, is_step: bool) -> None:
    assert bool(stack.STEP.match(line)) is is_step

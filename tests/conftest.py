"""Options every test may read, and what all of them run under."""

import os

import pytest

# An Output that lands in a string is an error, as it is for whoever deploys.
os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-urns", action="store_true", help="accept the identities of this run")

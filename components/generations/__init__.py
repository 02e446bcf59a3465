"""Each generation of the applications, by the name the setting has for it."""

from __future__ import annotations

from collections.abc import Mapping

from components.contract import Generation
from components.generations import one, zero

GENERATIONS: Mapping[str, Generation] = {
    each.name: each for each in (zero.GENERATION, one.GENERATION)
}

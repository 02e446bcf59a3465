"""Whether the back end and the front end have been tried together."""

from __future__ import annotations

from components.contract import Generation
from components.reader import Reader
from components.reference import Source


def tried(read: Reader, generation: Generation, backend: Source, frontend: Source) -> None:
    """Refuse two versions that were never tried together, unless the stack says it knows.

    An image whose tag is no version is of a pair that nobody can name, and is let pass.
    """
    series = backend.reference.series, frontend.reference.series
    pair = f"{backend.reference.tag} {frontend.reference.tag}"
    acknowledged = read.text("untestedPair")
    # A version of the wrong generation is refused by its own words.
    elsewhere = {backend.reference.generation, frontend.reference.generation} - {generation.name}
    fine = None in series or series in generation.tried or elsewhere
    if fine and acknowledged:
        read.say(
            f"{read.full('untestedPair')} is {acknowledged!r}, and there is no such pair to allow",
            f"Type: pulumi config rm untestedPair -s {read.stack}",
        )
    elif not fine and acknowledged != pair:
        known = ", ".join(f"{one}.* with {other}.*" for one, other in generation.tried)
        read.say(
            f"{read.full('frontendImage')} is version {frontend.reference.tag}, and was never "
            f"tried with version {backend.reference.tag} of the back end, whose API it reads: "
            f"tried are {known}",
            f"Type: ./ov images pin ov-frontend REFERENCE -s {read.stack}    with a version that "
            f"was; or, to go first: pulumi config set untestedPair '{pair}' -s {read.stack}",
        )

"""How the sandbox tells a person what went wrong."""


class Refusal(Exception):  # noqa: N818, it is an answer to a person, not a fault of the program
    """Something a person has to know: what happened, why, and what to type next."""

    def __init__(self, what: str, why: str, do: str) -> None:
        super().__init__(f"{what}: {why}. {do}")
        self.what = what
        self.why = why
        self.do = do

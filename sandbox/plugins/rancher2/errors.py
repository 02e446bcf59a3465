"""What goes wrong between the provider and Rancher."""

GONE = {403, 404}


class RancherError(Exception):
    """What keeps a request from doing what was asked."""


class RefusedError(RancherError):
    """An answer of Rancher that says no."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

    @property
    def is_gone(self) -> bool:
        """Whether the thing does not exist, or not for who asks: the provider takes both alike."""
        return self.status in GONE

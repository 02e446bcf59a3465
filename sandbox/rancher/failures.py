"""Errors as the API words them."""

from __future__ import annotations


class RequestError(Exception):
    """A request that is refused: a status, Rancher's code for it, and what it is about."""

    def __init__(self, status: int, code: str, message: str = "", field: str = "") -> None:
        super().__init__(message or code)
        self.status = status
        self.code = code
        self.message = message
        self.field = field

    @property
    def body(self) -> dict[str, object]:
        """The document that a client gets."""
        return {
            "type": "error",
            "baseType": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "fieldName": self.field,
        }


def unauthorized() -> RequestError:
    """Return what a missing, wrong or expired token gets."""
    return RequestError(401, "Unauthorized", "must authenticate")


def forbidden(what: str) -> RequestError:
    """Return what a token without the right gets."""
    return RequestError(403, "PermissionDenied", f"{what} is not allowed")


def not_found(what: str) -> RequestError:
    """Return what a question for something absent gets."""
    return RequestError(404, "NotFound", f"{what} not found")


def exists(what: str) -> RequestError:
    """Return what a second thing of one name gets."""
    return RequestError(409, "AlreadyExists", f"{what} already exists")


def missing(field: str, why: str = "") -> RequestError:
    """Return what a body without a required field gets."""
    return RequestError(422, "MissingRequired", why, field)


def invalid(code: str, why: str, field: str = "") -> RequestError:
    """Return what a body with a wrong value gets."""
    return RequestError(422, code, why, field)

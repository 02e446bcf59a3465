"""How values travel between the engine and a plugin."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

from google.protobuf.struct_pb2 import Struct, Value

# How the engine writes a value that is not known before an update.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

# How the engine marks a value as a secret.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SEALED = "1b47061264138c4ac30d75fd1eb44270"


class Change(Enum):
    """How one value differs from the one before."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


def plain(message: Struct) -> dict[str, Any]:
    """Return a message as Python values."""
    return {key: _plain(value) for key, value in message.fields.items()}


def struct(values: Mapping[str, Any]) -> Struct:
    """Return Python values as a message."""
    message = Struct()
    message.update(values)
    return message


def secret(value: Any) -> Value:
    """Return *value* marked as a secret."""
    return Value(struct_value=struct({SIGNATURE: SEALED, "value": value}))


def table(value: Any) -> dict[str, Any]:
    """Return *value* if it is an object, an empty one otherwise."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def tables(value: Any) -> list[dict[str, Any]]:
    """Return the objects in *value* if it is a list, none otherwise."""
    return [table(one) for one in cast("list[object]", value)] if isinstance(value, list) else []


def _plain(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        inner = plain(value.struct_value)
        # The engine unwraps secrets for a provider, all but those of its own configuration.
        return inner["value"] if inner.get(SIGNATURE) == SEALED else inner
    if kind == "list_value":
        return [_plain(one) for one in value.list_value.values]
    return None if kind is None or kind == "null_value" else getattr(value, kind)

"""Properties as Pulumi's protocol carries them: JSON, with marks for what is secret or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

from pulumi_cvc.testing._report import SECRET_SHOWN, UNKNOWN_SHOWN

Properties = dict[str, Any]

# Public facts of the protocol, under private names of the SDK.
_SIGNATURE = rpc._special_sig_key  # noqa: SLF001
_SECRET = rpc._special_secret_sig  # noqa: SLF001


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Read what came over the wire; marks stay as they are, null is left out."""
    properties = json_format.MessageToDict(struct)
    return {name: _whole(value) for name, value in properties.items() if value is not None}


def _whole(value: Any) -> Any:
    """Give whole numbers as int, which the wire knows only as float."""
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Write it."""
    return json_format.ParseDict(dict(properties), struct_pb2.Struct())


def plain(value: Any) -> Any:
    """Take the marks of secrets off, as for a provider that knows none."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return plain(value["value"])
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def secret_names(properties: Mapping[str, Any]) -> set[str]:
    """Name the properties that are, or hold, a secret."""
    return {name for name, value in properties.items() if plain(value) != value}


def marked(properties: Mapping[str, Any], secrets: Iterable[str]) -> Properties:
    """Mark the properties with these names, as the engine does for a provider that knows no secrets."""
    secrets = set(secrets)
    return {
        name: {_SIGNATURE: _SECRET, "value": value} if name in secrets else value for name, value in properties.items()
    }


def is_unknown(value: Any) -> bool:
    """Say whether a value is, or holds, one that a preview does not know."""
    if isinstance(value, Mapping):
        return any(is_unknown(item) for item in value.values())
    return any(is_unknown(item) for item in value) if isinstance(value, list) else value == rpc.UNKNOWN


def changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Give what differs, to be shown; the host's own properties are left out."""
    # The wire keeps no order.
    names = sorted(name for name in {**olds, **news} if not name.startswith("__"))
    return {
        name: (_shown(olds.get(name)), _shown(news.get(name)))
        for name in names
        if plain(olds.get(name)) != plain(news.get(name))
    }


def _shown(value: Any) -> Any:
    if is_unknown(value):
        return UNKNOWN_SHOWN
    return SECRET_SHOWN if plain(value) != value else value

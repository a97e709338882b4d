"""The one description, ``schema.json``, and what does not fit it.

The file is Package Schema and JSON Schema at once: Pulumi drops the keywords that it does not know, so the constraints
stand beside the properties that they constrain. Names in it are the vendor's, in camelCase; `snake_case` gives the
Python ones.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

CONFIG = "config"
USER = "cvc:index:User"
GET_USER = "cvc:index:getUser"
LIST_MEMBERS = "cvc:index:listMembers"

_JSON_TYPES = {
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a mapping",
}
_ARTICLES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a string",
}


@dataclass(frozen=True)
class Failure:
    """What is wrong with one property: never with the value, which may be somebody's phone number."""

    property: str
    """The property's name as in the schema, or as given where the schema has none like it."""
    rule: str
    """What the property has to be."""
    suggestion: str | None = None
    """For an unknown property, the known one with the nearest name."""

    def text(self, name: Callable[[str], str] = str) -> str:
        """Give one line, ``group_id must be a string, not a number``; *name* turns schema names into the user's."""
        hint = f"; did you mean {name(self.suggestion)}?" if self.suggestion else ""
        return f"{name(self.property)} {self.rule}{hint}"


@cache
def package() -> dict[str, Any]:
    """Give the Package Schema: in a wheel the file lies in the package, in a checkout at the top level."""
    here = Path(__file__).parent
    path = next(place / "schema.json" for place in (here, here.parent) if (place / "schema.json").is_file())
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@cache
def object_schema(token: str) -> dict[str, Any]:
    """Give the JSON Schema of a resource's or a function's inputs, or of the configuration."""
    if token == CONFIG:
        properties, required = package()[CONFIG]["variables"], []
    elif token in package()["resources"]:
        resource = package()["resources"][token]
        properties, required = resource["inputProperties"], resource["requiredInputs"]
    else:
        inputs = package()["functions"][token]["inputs"]
        properties, required = inputs["properties"], inputs["required"]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
        "types": package()["types"],
    }


def failures(token: str, inputs: Mapping[str, Any], unknown: Sequence[str] = ()) -> list[Failure]:
    """Give everything that is wrong with *inputs*, in the order of the schema, none of it with a value.

    Properties named in *unknown* have values that a preview does not know yet: they count as given, whatever they are.
    """
    # jsonschema reports each missing property on its own, and _explain all of them for each: hence the dict.
    found: dict[Failure, None] = {}
    for error in _validator(token).iter_errors(dict(inputs)):
        found |= dict.fromkeys(_explain(error, token, unknown))
    names = [*object_schema(token)["properties"]]
    return sorted(found, key=lambda failure: names.index(failure.property) if failure.property in names else len(names))


@cache
def _validator(token: str) -> Draft202012Validator:
    return Draft202012Validator(object_schema(token))


def _explain(error: ValidationError, token: str, unknown: Sequence[str]) -> list[Failure]:
    # jsonschema's own message repeats the value, so the text is made from the rule alone.
    keyword, where = str(error.validator), cast("dict[str, Any]", error.schema)
    limit, value = cast("Any", error.validator_value), cast("Any", error.instance)
    if keyword == "required":
        return [Failure(name, "is required") for name in limit if name not in value and name not in unknown]
    if keyword == "additionalProperties":
        known = where["properties"]
        return [_unknown_property(name, known, token) for name in value if name not in known]
    rules: dict[str, Callable[[], str]] = {
        "type": lambda: _wrong_type(limit, value),
        "minLength": lambda: "must not be empty",
        "maxLength": lambda: f"must have at most {limit} characters",
        "enum": lambda: f"must be one of {', '.join(map(repr, limit))}",
        "minimum": lambda: f"must be at least {limit}",
        "maximum": lambda: f"must be at most {limit}",
        "exclusiveMinimum": lambda: f"must be more than {limit}",
        "pattern": lambda: where.get("description", f"must match {limit}"),
    }
    return [Failure(str(error.absolute_path[0]), rules[keyword]())]


def _wrong_type(wanted: str, value: object) -> str:
    got = _JSON_TYPES.get(type(value), "nothing")
    quote = ": write it in quotes" if wanted == "string" and got == "a number" else ""
    return f"must be {_ARTICLES[wanted]}, not {got}{quote}"


def _unknown_property(name: str, known: Mapping[str, Any], token: str) -> Failure:
    by_plain_name = {_plain(known_name): known_name for known_name in known}
    nearest = difflib.get_close_matches(_plain(name), by_plain_name, n=1)
    owner = "the configuration" if token == CONFIG else token.rpartition(":")[2]
    return Failure(name, f"is not a property of {owner}", by_plain_name[nearest[0]] if nearest else None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def snake_case(name: str) -> str:
    """Turn a schema's name, such as ``userAvatarUrl`` or ``meetingUUID``, into Python's: ``user_avatar_url``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()

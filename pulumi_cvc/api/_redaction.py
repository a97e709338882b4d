"""What the service says may echo what we sent; this takes out what must not be shown."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

_MASK = "***"
_LONGEST = 300
_SHORT = 4
# Only values that we sent can be known; an e-mail address or a mobile number is told by its look.
_LOOKS: Final = (
    re.compile(r"(?<![\w.%+-])[\w.%+-]+@[\w.-]+\.\w{2,}"),
    re.compile(r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![0-9A-Za-z])"),
)
_LONGEST_LOOK = 320
_STRING_TO_SIGN = re.compile(r"string[\s_-]*to[\s_-]*sign|canonical[\s_-]*(?:request|string|query)", re.IGNORECASE)

_Span = tuple[int, int]


class Redactor:
    """Makes one line of at most 300 characters that is fit to be shown.

    Every *private* value is masked, also in the encodings in which services echo requests, and so is what looks like an
    e-mail address or a mobile number. What stands within one of the *shown* values, user ids, stays.
    """

    def __init__(self, private: Collection[str], shown: Collection[str] = ()) -> None:
        self._private = private
        self._shown = shown

    def __call__(self, text: str) -> str:
        """Give *text* as it may be shown."""
        if _STRING_TO_SIGN.search(text):
            return "the service computed another signature (its text is not shown, since it repeats the request)"
        line = one_line(text)
        private = {encoded for value in self._private for encoded in _encodings(value)}
        # Who begins among the characters that are shown has to be seen to the end.
        window = line[: _LONGEST + max(_LONGEST_LOOK, *map(len, private), 0)]
        shown = list(_spans_of({one_line(value) for value in self._shown}, window))
        hidden = [*_spans_of(private, window), *(match.span() for look in _LOOKS for match in look.finditer(window))]
        hidden = [span for span in hidden if not any(start <= span[0] and span[1] <= end for start, end in shown)]
        return _masked(line, sorted(hidden))


def one_line(text: str) -> str:
    """Make one line of *text*, without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _masked(line: str, hidden: Iterable[_Span]) -> str:
    """Give the first 300 characters of *line*, those in *hidden* masked."""
    parts, position = [], 0
    for start, end in hidden:
        if start >= _LONGEST:
            break
        if start >= position:
            parts += [line[position:start], _MASK]
        position = max(position, end)
    parts.append(line[position:_LONGEST])
    return "".join(parts) + "…" * (len(line) > _LONGEST)


def _spans_of(values: Iterable[str], text: str) -> Iterator[_Span]:
    """Find every occurrence of every value, overlapping ones too, in upper or lower case."""
    folded = text.casefold()
    for value in values:
        if value and value.casefold() in folded:
            for match in re.finditer(f"(?=({_literal(value)}))", text, re.IGNORECASE):
                yield match.span(1)


def _literal(value: str) -> str:
    """Match ``1`` or ``HR`` as a word only, or little of the message would be left."""
    escaped = re.escape(value)
    if len(value) < _SHORT and value.isascii():
        return rf"(?<![0-9A-Za-z]){escaped}(?![0-9A-Za-z])"
    return escaped


_ENCODINGS: Final[tuple[Callable[[str], str], ...]] = (
    str,
    html.escape,
    quote_plus,
    lambda value: quote(value, safe=""),
    lambda value: quote(quote(value, safe=""), safe=""),
)


def _encodings(value: str) -> set[str]:
    if value.isascii() and value.isalnum():
        return {value}
    texts = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return {one_line(encode(text)) for text in texts for encode in _ENCODINGS}

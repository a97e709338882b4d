"""What a deployment did and said, for the person who asked for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_SYMBOLS = {"create": "+", "update": "~", "replace": "+-", "delete": "-", "read": ">", "discard": "<"}
_NO_CHANGE = {"same", "read", "discard"}
UNKNOWN_SHOWN = "[unknown]"
SECRET_SHOWN = "[secret]"  # noqa: S105 - shown in place of one


def name_of(urn: str) -> str:
    """Give the name of a resource."""
    return urn.rpartition("::")[2]


def type_of(urn: str) -> str:
    """Give the type of a resource, without those of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


@dataclass(frozen=True)
class Step:
    """What happened to one resource, or in a preview would."""

    op: str
    """``create``, ``update``, ``replace``, ``delete``, ``same``, ``read`` (looked up) or ``discard`` (no longer)."""
    urn: str
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """By the name in the schema: the value before and after; None, ``[secret]`` and ``[unknown]`` stand for such."""

    @property
    def name(self) -> str:
        """The name of the resource."""
        return name_of(self.urn)

    def line(self, *, values: bool = False) -> str:
        """Give one line: symbol, operation, resource and which inputs change, with their *values* or without."""
        kind = type_of(self.urn).rpartition("/")[2]
        changed = [
            f"{name}: {_shown(old)} => {_shown(new)}" if values else name for name, (old, new) in self.changed.items()
        ]
        return f"  {_SYMBOLS.get(self.op, ''):2} {self.op:8} {kind} {self.name}" + (
            f"  [{', '.join(changed)}]" if changed else ""
        )


def _shown(value: Any) -> str:
    if value in (UNKNOWN_SHOWN, SECRET_SHOWN):
        return str(value)
    return "(absent)" if value is None else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Diagnostic:
    """A message of the engine, the provider or the program."""

    severity: str
    """``info``, ``warning`` or ``error``."""
    message: str
    urn: str = ""

    def __str__(self) -> str:
        """Put the severity before the message."""
        return f"  {self.severity}: {self.message}"


@dataclass(frozen=True)
class Result:
    """What `Stack`'s operations give."""

    steps: list[Step]
    """In the order in which they were done, those included that changed nothing."""
    diagnostics: list[Diagnostic]
    outputs: dict[str, Any]
    """What the program exports, secrets in plain text; a preview leaves out what it does not know."""

    @property
    def changes(self) -> dict[str, int]:
        """How many resources met each operation, the stack itself among them."""
        return dict(Counter(step.op for step in self.steps))

    @property
    def has_changes(self) -> bool:
        """Whether anything was not as it should be: what ``--expect-no-changes`` answers with exit code 7."""
        return not _NO_CHANGE.issuperset(self.changes)


class DeploymentFailed(Exception):  # noqa: N818 - reads as what happened
    """An operation failed; the message holds every error. What was done before is in the state and in `result`."""

    def __init__(self, result: Result) -> None:
        errors = [diagnostic.message for diagnostic in result.diagnostics if diagnostic.severity == "error"]
        super().__init__("\n".join(errors))
        self.result = result


class Report:
    """Collects what a deployment does and says, and shows it line by line; *values* are for whoever only looks."""

    def __init__(self, output: Callable[[str], None] | None, *, values: bool) -> None:
        self._output = output
        self._values = values
        self.steps: list[Step] = []
        self.diagnostics: list[Diagnostic] = []

    def step(self, step: Step) -> None:
        """Take one."""
        self.steps.append(step)
        if step.op != "same":
            self._show(step.line(values=self._values))

    def message(self, severity: str, message: str, urn: str = "") -> None:
        """Take one."""
        diagnostic = Diagnostic(severity, message.rstrip("\n"), urn)
        self.diagnostics.append(diagnostic)
        self._show(str(diagnostic))

    @property
    def failed(self) -> bool:
        """Whether there was an error."""
        return any(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    def begin(self, phase: str) -> None:
        """Forget the steps of what came before: only those of the last phase count."""
        self.steps = []
        self._show(f"{phase}:")

    def _show(self, line: str) -> None:
        if self._output:
            self._output(line)

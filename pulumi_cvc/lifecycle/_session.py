"""What one provider process knows: its settings, its client, and which ids the program declares."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Protocol

from pulumi_cvc import api
from pulumi_cvc.lifecycle._settings import Settings


class Severity(Enum):
    """How a message is shown."""

    INFO = "info"
    WARNING = "warning"


class Log(Protocol):
    """Shows a message to the person who deploys; hosts hand one in."""

    def __call__(self, severity: Severity, message: str) -> None:
        """Show one line."""


@dataclass(frozen=True)
class Declaration:
    """The resource of a program that declares a user."""

    resource: str
    """Tells the program's resources apart, and is the same whenever one of them is checked again."""
    label: str
    """What to call it in an error."""


class Session:
    """One deployment, seen from the provider: a provider process serves one and ends with it.

    Deletions come last, after every check, create and update. So when a `delete` comes, every id that the program
    declares has been seen in a check, and an id seen there is not deleted, whatever resource it belonged to before.
    """

    def __init__(
        self,
        settings: Settings,
        log: Log,
        property_name: Callable[[str], str] = str,
        client: api.Client | None = None,
    ) -> None:
        """Start a session; *property_name* turns schema names into those that the host's users write."""
        self.settings = settings
        self.log = log
        self.property_name = property_name
        self._declared: dict[str, Declaration] = {}
        self._held: set[str] = set()
        self._lock = threading.Lock()
        if client is not None:
            self.client = client

    @cached_property
    def client(self) -> api.Client:
        """The API client, made when the first call needs it: check and diff make none."""
        return self.settings.client()

    def declare(self, user_id: str, declaration: Declaration) -> Declaration | None:
        """Remember which resource declares *user_id*; give the other one that already does, or None."""
        with self._lock:
            first = self._declared.setdefault(user_id, declaration)
        return None if first.resource == declaration.resource else first

    def is_declared(self, user_id: str) -> bool:
        """Say whether the program declares *user_id*, as far as the checks have shown so far."""
        return user_id in self._declared

    def hold(self, user_id: str) -> None:
        """Remember that the stack's state already holds *user_id*."""
        self._held.add(user_id)

    def is_held(self, user_id: str) -> bool:
        """Say whether a check has shown *user_id* in the stack's state."""
        return user_id in self._held

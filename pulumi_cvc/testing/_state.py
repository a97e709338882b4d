"""What a stack remembers of its resources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_cvc.testing._properties import Properties


@dataclass(frozen=True)
class Resource:
    """One resource, as it was left by the last operation."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    external: bool = False
    """It is looked up, and not this stack's to delete."""
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    secret_outputs: tuple[str, ...] = ()
    delete: bool = False
    """A replacement is there already; this one is still to be deleted."""

    def to_dict(self) -> dict[str, Any]:
        """Write it with the names that Pulumi's own state has."""
        return {
            "urn": self.urn,
            "type": self.type,
            "custom": self.custom,
            "id": self.id,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "parent": self.parent,
            "dependencies": [*self.dependencies],
            "external": self.external,
            "protect": self.protect,
            "delete": self.delete,
        }

    def without_dependencies(self, gone: Iterable[str]) -> Resource:
        """Forget dependencies that are gone."""
        return replace(self, dependencies=tuple(urn for urn in self.dependencies if urn not in gone))


def by_dependents(resources: Iterable[Resource]) -> list[list[Resource]]:
    """Give the resources in the order in which they may be deleted: groups, each free of what the later ones need."""
    levels: dict[str, int] = {}
    groups: dict[int, list[Resource]] = {}
    # Whatever depends on a resource was registered after it.
    for resource in reversed([*resources]):
        level = levels.get(resource.urn, 0)
        groups.setdefault(level, []).append(resource)
        for urn in (*resource.dependencies, resource.parent):
            levels[urn] = max(levels.get(urn, 0), level + 1)
    return [groups[level] for level in sorted(groups)]

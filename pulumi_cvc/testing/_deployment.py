"""The engine: what happens to each resource, in which order, and what is remembered of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from google.protobuf import json_format
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2

from pulumi_cvc.testing._properties import (
    Properties,
    changed,
    from_struct,
    marked,
    plain,
    secret_names,
    to_struct,
)
from pulumi_cvc.testing._provider import Provider, ProviderError
from pulumi_cvc.testing._report import Report, Step, name_of, type_of
from pulumi_cvc.testing._state import Resource, by_dependents

_STACK_TYPE = "pulumi:pulumi:Stack"
_DYNAMIC = "pulumi-python:"
# As many as the host of dynamic providers works on at a time.
_PARALLEL = 4


class StopError(Exception):
    """The deployment has failed, and the report says why; nothing more is begun."""


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    project: str
    stack: str
    dry_run: bool = False
    replace: frozenset[str] = frozenset()
    """Names or URNs of resources to replace, whether they changed or not."""
    target: frozenset[str] = frozenset()
    """Names or URNs of the only resources that may change; none for all."""
    inert: bool = False
    """The program runs for what else it does: no resource changes."""


class Deployment:
    """One run over the resources of a stack; `state` is what it leaves behind, at any time."""

    def __init__(
        self, plan: Plan, olds: Iterable[Resource], report: Report, start_provider: Callable[[], Provider]
    ) -> None:
        self._plan = plan
        self._report = report
        self._start_provider = start_provider
        self._started: Provider | None = None
        # The engine checks and diffs one resource after another; what creates and updates runs side by side.
        self._planning = threading.RLock()
        self._olds = {resource.urn: resource for resource in olds if not resource.delete}
        self._pending = [resource for resource in olds if resource.delete]
        self._news: dict[str, Resource] = {}
        self._claimed: set[str] = set()
        self._formerly: dict[str, str] = {}
        self.outputs: Properties = {}

    @property
    def state(self) -> list[Resource]:
        """Give the resources as they are now, those first that others depend on."""
        return [*self._news.values(), *self._olds.values(), *self._pending]

    def close(self) -> None:
        """End the provider's process."""
        if self._started:
            written = self._started.close()
            if written:
                self._report.message("info", written)

    # What the program asks for

    def register(self, goal: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:
        """Bring a declared resource about."""
        self._refuse_unsupported(goal)
        new = Resource(
            urn=self._urn(goal.parent, goal.type, goal.name),
            type=goal.type,
            custom=goal.custom,
            inputs=from_struct(goal.object),
            parent=goal.parent,
            dependencies=tuple(goal.dependencies),
            protect=goal.protect,
            retain_on_delete=goal.retainOnDelete,
            deleted_with=goal.deletedWith,
            secret_outputs=tuple(goal.additionalSecretOutputs),
        )
        if self._plan.inert:
            return _registered(new.urn, self._olds.get(new.urn))
        self._claim(new.urn)
        old = self._take_old(new, goal)
        done: Resource | None
        if goal.custom and not self._is_target(new.urn):
            # One that is not there yet is not made.
            done = self._keep(replace(old, urn=new.urn), "same") if old else None
        elif not goal.custom:
            done = self._keep(replace(new, outputs=old.outputs if old else {}), "same" if old else "create")
        else:
            done = self._bring_about(old, new, goal)
        return _registered(new.urn, done)

    def look_up(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        """Read a resource that is not this stack's."""
        self._refuse_unknown_types(request.type, custom=True)
        urn = self._urn(request.parent, request.type, request.name)
        self._claim(urn)
        properties = from_struct(request.properties)
        if request.id == rpc.UNKNOWN:
            return resource_pb2.ReadResourceResponse(urn=urn, properties=to_struct(properties))
        with self._failing(urn):
            found = self._provider.read(urn, request.id, plain(properties), {})
        if found is None:
            raise self._stop(f"resource '{request.id}' does not exist", urn)
        resource = Resource(
            urn=urn,
            type=request.type,
            custom=True,
            id=request.id,
            inputs=properties,
            outputs=marked(found[1], secret_names(properties) | {*request.additionalSecretOutputs}),
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            external=True,
        )
        if not self._plan.inert:
            self._keep(resource, "read")
        return resource_pb2.ReadResourceResponse(urn=urn, properties=to_struct(resource.outputs))

    def register_outputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> None:
        """Take the outputs of a component, or those that the program exports."""
        outputs = from_struct(request.outputs)
        resource = self._news.get(request.urn)
        if resource:
            self._news[request.urn] = replace(resource, outputs=outputs)
            if resource.type == _STACK_TYPE:
                self.outputs = outputs

    # What is asked for beside the program

    def delete_rest(self) -> None:
        """Delete what the program declares no longer: after everything else, and what depends on others first."""
        targeted = [resource for resource in self._olds.values() if self._is_target(resource.urn)]
        kept = {resource.urn for resource in self._news.values()}
        for resource in targeted:
            if resource.protect and not resource.external:
                self._report.message(
                    "error", f"resource '{resource.urn}' cannot be deleted because it is protected", resource.urn
                )
        needed = {
            dependency
            for resource in self._olds.values()
            if resource not in targeted
            for dependency in (*resource.dependencies, resource.parent)
        }
        for resource in targeted:
            if resource.urn in needed - kept:
                self._report.message(
                    "error", f"resource '{resource.urn}' cannot be deleted: others that are not targeted need it"
                )
        if self._report.failed:
            raise StopError
        gone = [*targeted, *self._pending]
        for group in by_dependents(gone):
            with ThreadPoolExecutor(_PARALLEL) as pool:
                for deletion in [pool.submit(self._delete, resource, gone) for resource in group]:
                    deletion.exception()
            if self._report.failed:
                raise StopError

    def refresh(self) -> None:
        """Read every resource and take what is there into the state."""
        resources = [*self._olds.values()]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            reads = [pool.submit(self._refreshed, resource) for resource in resources]
            found = [read.result() if read.exception() is None else None for read in reads]
        if self._report.failed:
            raise StopError
        there = {resource.urn: resource for resource in found if resource}
        gone = {resource.urn for resource in resources} - there.keys()
        self._olds = {urn: resource.without_dependencies(gone) for urn, resource in there.items()}

    # How

    @property
    def _provider(self) -> Provider:
        with self._planning:
            if self._started is None:
                self._started = self._start_provider()
            return self._started

    def _bring_about(self, old: Resource | None, new: Resource, goal: resource_pb2.RegisterResourceRequest) -> Resource:
        with self._planning, self._failing(new.urn):
            declared = new.inputs
            if old:
                kept = {name: old.inputs[name] for name in goal.ignoreChanges if name in old.inputs}
                declared = {name: value for name, value in declared.items() if name not in goal.ignoreChanges} | kept
            new = replace(new, inputs=self._checked(new.urn, old.inputs if old else {}, declared))
            if old is None or old.external:
                op = "create"
            else:
                op, delete_first = self._difference(old, new, goal)
                if op == "replace":
                    new = replace(new, inputs=self._checked(new.urn, {}, declared))
        if op == "create":
            return self._create(new, op, {})
        assert old  # noqa: S101 - for the type checker
        if op == "same":
            done = replace(new, id=old.id, outputs=marked(plain(old.outputs), self._secrets(new)))
            return self._keep(done, op)
        differing = changed(old.inputs, new.inputs)
        if op == "replace":
            return self._replace(old, new, differing, delete_first=delete_first)
        if self._plan.dry_run:
            return self._keep(replace(new, id=old.id, outputs=new.inputs), op, differing)
        with self._failing(new.urn):
            outputs = self._provider.update(new.urn, old.id, plain(old.outputs), plain(new.inputs))
        return self._keep(replace(new, id=old.id, outputs=marked(outputs, self._secrets(new))), op, differing)

    def _difference(self, old: Resource, new: Resource, goal: resource_pb2.RegisterResourceRequest) -> tuple[str, bool]:
        ignored = [*goal.ignoreChanges]
        diff = self._provider.diff(new.urn, old.id, plain(old.outputs), plain(new.inputs), ignored)
        delete_first = goal.deleteBeforeReplace if goal.deleteBeforeReplaceDefined else diff.delete_before_replace
        if diff.replaces or _is_named(new.urn, self._plan.replace):
            return "replace", delete_first
        is_changed = bool(changed(old.inputs, new.inputs)) if diff.changes is None else diff.changes
        return "update" if is_changed else "same", False

    def _create(self, new: Resource, op: str, differing: Mapping[str, tuple[Any, Any]]) -> Resource:
        if self._plan.dry_run:
            return self._keep(replace(new, outputs=new.inputs), op, differing)
        with self._failing(new.urn):
            id_, outputs = self._provider.create(new.urn, plain(new.inputs))
        return self._keep(replace(new, id=id_, outputs=marked(outputs, self._secrets(new))), op, differing)

    def _replace(
        self, old: Resource, new: Resource, differing: Mapping[str, tuple[Any, Any]], *, delete_first: bool
    ) -> Resource:
        if old.protect:
            raise self._stop(f"unable to replace resource '{old.urn}' as it is protected", old.urn)
        leftover = replace(old, delete=True)
        if delete_first and not self._plan.dry_run:
            del self._olds[old.urn]
            self._pending.append(leftover)
            self._delete(leftover, [])
            return self._create(new, "replace", differing)
        done = self._create(new, "replace", differing)
        self._pending.append(leftover)
        return done

    def _delete(self, resource: Resource, others: Iterable[Resource]) -> None:
        with_other = resource.deleted_with and any(other.urn == resource.deleted_with for other in others)
        provided = resource.custom and not (resource.external or resource.retain_on_delete or with_other)
        if provided and not self._plan.dry_run:
            with self._failing(resource.urn):
                self._provider.delete(resource.urn, resource.id, plain(resource.outputs))
        if resource.delete:
            # What the user sees is the one replacement, which has been reported.
            self._pending.remove(resource)
            return
        del self._olds[resource.urn]
        self._report.step(Step("discard" if resource.external else "delete", resource.urn))

    def _refreshed(self, resource: Resource) -> Resource | None:
        if not resource.custom:
            self._report.step(Step("same", resource.urn))
            return resource
        with self._failing(resource.urn):
            found = self._provider.read(resource.urn, resource.id, plain(resource.inputs), plain(resource.outputs))
            if found is None:
                self._report.step(Step("delete", resource.urn))
                return None
            inputs, outputs = found
            # As the engine has it: what is there now is the old side, what the program declared is the new one.
            diff = self._provider.diff(resource.urn, resource.id, outputs, plain(resource.inputs), [])
        secrets = self._secrets(resource)
        fresh = replace(resource, inputs=marked(inputs, secrets), outputs=marked(outputs, secrets))
        differing = changed(resource.outputs, fresh.outputs)
        is_drift = bool(differing) if diff.changes is None else diff.changes
        self._report.step(Step("update" if is_drift else "same", resource.urn, differing if is_drift else {}))
        return fresh

    def _keep(self, resource: Resource, op: str, differing: Mapping[str, tuple[Any, Any]] | None = None) -> Resource:
        with self._planning:
            self._olds.pop(self._formerly.get(resource.urn, resource.urn), None)
            self._news[resource.urn] = resource
            self._report.step(Step(op, resource.urn, differing or {}))
        return resource

    def _checked(self, urn: str, olds: Properties, news: Properties) -> Properties:
        inputs, failures = self._provider.check(urn, plain(olds), plain(news))
        for failure in failures:
            self._report.message("error", f"{type_of(urn)} resource '{name_of(urn)}' has a problem: {failure}", urn)
        if failures:
            raise StopError
        return marked(inputs, secret_names(news))

    def _secrets(self, resource: Resource) -> set[str]:
        return secret_names(resource.inputs) | {*resource.secret_outputs}

    def _is_target(self, urn: str) -> bool:
        return not self._plan.target or _is_named(urn, self._plan.target)

    def _claim(self, urn: str) -> None:
        with self._planning:
            if self._report.failed:
                raise StopError
            if urn in self._claimed:
                raise self._stop(f"Duplicate resource URN '{urn}'; try giving it a unique name", urn)
            self._claimed.add(urn)

    def _take_old(self, new: Resource, goal: resource_pb2.RegisterResourceRequest) -> Resource | None:
        """Give what the state has of the resource, under this or a former name."""
        with self._planning:
            for urn in (new.urn, *self._aliases(goal)):
                if urn in self._olds and urn not in self._formerly.values():
                    self._formerly[new.urn] = urn
                    return self._olds[urn]
        return None

    def _aliases(self, goal: resource_pb2.RegisterResourceRequest) -> Iterable[str]:
        former_parent = self._formerly.get(goal.parent, goal.parent)
        yield self._urn(former_parent, goal.type, goal.name)
        yield from goal.aliasURNs
        for alias in goal.aliases:
            if alias.urn:
                yield alias.urn
            else:
                spec = alias.spec
                parent = "" if spec.noParent else spec.parentUrn or former_parent
                yield self._urn(parent, spec.type or goal.type, spec.name or goal.name, spec.project, spec.stack)

    def _urn(self, parent: str, kind: str, name: str, project: str = "", stack: str = "") -> str:
        parent_type = parent.split("::")[2] if parent else _STACK_TYPE
        qualified = kind if parent_type == _STACK_TYPE else f"{parent_type}${kind}"
        return f"urn:pulumi:{stack or self._plan.stack}::{project or self._plan.project}::{qualified}::{name}"

    def _refuse_unsupported(self, goal: resource_pb2.RegisterResourceRequest) -> None:
        self._refuse_unknown_types(goal.type, custom=goal.custom or goal.remote)
        options = {
            "import_": goal.importId,
            "replace_with": [*goal.replace_with],
            "replacement_trigger": json_format.MessageToDict(goal.replacement_trigger),
            "transforms": [*goal.transforms],
            "hooks": goal.HasField("hooks") and goal.hooks.ListFields(),
        }
        for option, given in options.items():
            if given:
                raise self._stop(f"resource '{goal.name}': pulumi_cvc.testing does not know the option {option}")

    def _refuse_unknown_types(self, kind: str, *, custom: bool) -> None:
        if custom and not kind.startswith(_DYNAMIC):
            raise self._stop(
                f"pulumi_cvc.testing deploys resources of dynamic providers, such as cvc.User, but none of type {kind}"
            )

    def _stop(self, message: str, urn: str = "") -> StopError:
        self._report.message("error", message, urn)
        return StopError(message)

    @contextmanager
    def _failing(self, urn: str) -> Iterator[None]:
        """Report what a provider could not do, and stop the deployment."""
        try:
            yield
        except ProviderError as error:
            raise self._stop(str(error), urn) from None


def _registered(urn: str, resource: Resource | None) -> resource_pb2.RegisterResourceResponse:
    if resource is None:
        return resource_pb2.RegisterResourceResponse(urn=urn, unknown=True)
    return resource_pb2.RegisterResourceResponse(urn=urn, id=resource.id, object=to_struct(resource.outputs))


def _is_named(urn: str, names: frozenset[str]) -> bool:
    return urn in names or name_of(urn) in names

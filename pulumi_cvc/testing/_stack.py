"""A stack that lives in memory."""

from __future__ import annotations

import contextvars
import dataclasses
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import yaml

from pulumi_cvc.testing._deployment import Deployment, Plan, StopError
from pulumi_cvc.testing._monitor import Server
from pulumi_cvc.testing._program import Run, run
from pulumi_cvc.testing._properties import is_unknown, plain
from pulumi_cvc.testing._provider import Provider
from pulumi_cvc.testing._report import DeploymentFailed, Report, Result
from pulumi_cvc.testing._state import Resource

_RUN_PROGRAM = "from pulumi_cvc.testing import _program; _program.main()"

Program = Callable[[], object] | str | os.PathLike[str]
Output = Callable[[str], None]


class Stack:
    """A program and the state of what it deployed; every operation is that of the CLI, and gives a `Result`.

    *program* is the path of a program, as in ``pulumi up --cwd``, which runs in a process of its own; or a function,
    which runs in this one. *config* is the stack's configuration, such as ``{"cvc:endpoint": "…"}``, beside what
    ``Pulumi.yaml`` sets for every stack; a key without a namespace is the project's. *env* is added to the environment
    of the provider and of a program with a process of its own. *output* gets every line that is shown.

    `program`, `config` and `env` may be changed between operations. An operation that fails raises `DeploymentFailed`.
    """

    def __init__(  # noqa: PLR0913 - what a stack has
        self,
        program: Program,
        *,
        config: Mapping[str, str] | None = None,
        project: str | None = None,
        stack: str = "test",
        env: Mapping[str, str] | None = None,
        output: Output | None = None,
    ) -> None:
        self.program = program
        self.config = dict(config or {})
        self.env = dict(env or {})
        self._project = project
        self._name = stack
        self._output = output
        self._state: list[Resource] = []
        self._deployed_config: dict[str, str] = {}

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, with the names that ``pulumi stack export`` has."""
        return [resource.to_dict() for resource in self._state]

    def preview(self, *, refresh: bool = False, replace: Iterable[str] = (), target: Iterable[str] = ()) -> Result:
        """Show what `up` would do; nothing is written, neither by the provider nor in the state."""
        return self._update(self._plan(dry_run=True, replace=replace, target=target), self._output, refresh=refresh)

    def up(
        self,
        *,
        refresh: bool = False,
        skip_preview: bool = False,
        replace: Iterable[str] = (),
        target: Iterable[str] = (),
    ) -> Result:
        """Deploy the program, after a preview that finds mistakes before anything is written.

        *refresh* looks at what is there first. *replace* and *target* hold URNs or names of resources.
        """
        plan = self._plan(replace=replace, target=target)
        if not skip_preview:
            self._quiet_preview(dataclasses.replace(plan, dry_run=True), refresh=refresh)
        return self._update(plan, self._output, refresh=refresh)

    def refresh(self, *, preview_only: bool = False, run_program: bool = False) -> Result:
        """Take into the state what is there; with *preview_only*, only show how that differs.

        As with the CLI, providers are configured as the last `up` was, unless *run_program* says otherwise.
        """
        return self._on_state(self._plan(dry_run=preview_only, inert=run_program), Deployment.refresh)

    def destroy(self, *, run_program: bool = False, target: Iterable[str] = ()) -> Result:
        """Delete everything, or what *target* names; providers are configured as for `refresh`."""
        return self._on_state(self._plan(target=target, inert=run_program), Deployment.delete_rest)

    def _on_state(self, plan: Plan, work: Callable[[Deployment], None]) -> Result:
        """Do what is about the state and not the program, which runs only if *plan* says so."""

        def with_program(operation: _Operation) -> None:
            if plan.inert:
                operation.run_program()
            work(operation.deployment)

        return self._operate(plan, with_program, self._output, as_deployed=not plan.inert)

    def _quiet_preview(self, plan: Plan, *, refresh: bool) -> None:
        """Look for mistakes; only these are shown, since the update will show the rest."""
        try:
            self._update(plan, None, refresh=refresh)
        except DeploymentFailed as error:
            for diagnostic in error.result.diagnostics:
                if self._output:
                    self._output(str(diagnostic))
            raise

    def _update(self, plan: Plan, output: Output | None, *, refresh: bool) -> Result:
        def work(operation: _Operation) -> None:
            if refresh:
                operation.report.begin("What is there")
                operation.deployment.refresh()
                operation.report.begin("What the program declares")
            operation.run_program()
            operation.deployment.delete_rest()

        return self._operate(plan, work, output, as_deployed=False)

    def _operate(
        self, plan: Plan, work: Callable[[_Operation], None], output: Output | None, *, as_deployed: bool
    ) -> Result:
        config = self._deployed_config if as_deployed and self._state else self._read_config(plan.project)
        report = Report(output, values=plan.dry_run)
        server = Server(report)
        directory = self._directory()
        start_provider = partial(Provider, server.address, config, directory, self.env)
        deployment = Deployment(plan, self._state, report, start_provider)
        told = Run(plan.project, plan.stack, server.address, plan.dry_run, config)
        server.start(deployment)
        try:
            work(_Operation(deployment, report, partial(self._run_program, told, directory, report)))
        except StopError:
            pass  # the report says why
        finally:
            deployment.close()
            server.close()
            if not plan.dry_run:
                self._state = deployment.state
            if not plan.dry_run and not plan.inert:
                self._deployed_config = config
        outputs = {name: plain(value) for name, value in deployment.outputs.items() if not is_unknown(value)}
        result = Result(report.steps, report.diagnostics, outputs)
        if report.failed:
            raise DeploymentFailed(result)
        return result

    def _run_program(self, told: Run, directory: Path, report: Report) -> None:
        if callable(self.program):
            context = contextvars.copy_context()
            # An event loop may be running in the caller's thread.
            thread = threading.Thread(target=context.run, args=(run, self.program, told, directory))
            thread.start()
            thread.join()
        else:
            done = subprocess.run(  # noqa: S603 - Python itself
                [sys.executable, "-c", _RUN_PROGRAM, str(Path(self.program).resolve())],
                cwd=directory,
                env={**os.environ, **self.env},
                input=told.to_json(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if done.stdout.strip():
                report.message("info", done.stdout)
            if done.returncode and not report.failed:
                report.message("error", f"the program ended with status {done.returncode}")
        if report.failed:
            raise StopError

    def _plan(
        self, *, dry_run: bool = False, inert: bool = False, replace: Iterable[str] = (), target: Iterable[str] = ()
    ) -> Plan:
        project = self._project or str(self._project_file().get("name", "project"))
        return Plan(project, self._name, dry_run, frozenset(replace), frozenset(target), inert)

    def _read_config(self, project: str) -> dict[str, str]:
        own = self._project_file().get("config") or {}
        defaults = {key: _default(value) for key, value in own.items()}
        config = {key: value for key, value in defaults.items() if value is not None} | self.config
        return {key if ":" in key else f"{project}:{key}": value for key, value in config.items()}

    def _directory(self) -> Path:
        if callable(self.program):
            return Path.cwd()
        path = Path(self.program).resolve()
        if not path.exists():
            raise FileNotFoundError(f"there is no program at {path}")
        return path if path.is_dir() else path.parent

    def _project_file(self) -> Mapping[str, Any]:
        file = self._directory() / "Pulumi.yaml"
        if callable(self.program) or not file.is_file():
            return {}
        return cast("Mapping[str, Any]", yaml.safe_load(file.read_text(encoding="utf-8")))


@dataclasses.dataclass(frozen=True)
class _Operation:
    """What an operation is made of."""

    deployment: Deployment
    report: Report
    run_program: Callable[[], None]


def _default(declared: Any) -> str | None:
    """Give the value that ``Pulumi.yaml`` sets: plain, or with a type and more."""
    value = declared.get("value", declared.get("default")) if isinstance(declared, Mapping) else declared
    return value if value is None or isinstance(value, str) else json.dumps(value)

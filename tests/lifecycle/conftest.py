"""Two engines behind one interface: `pulumi_cvc.testing` and, where it is on PATH, the real one."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pulumi_cvc import testing
from pulumi_cvc.emulator import Emulator

PROJECT, STACK = "directory", "test"
KEYS = {"cvc:accessKeyId": "testid", "cvc:accessKeySecret": "testsecret"}
ENGINES = [
    "testing",
    pytest.param(
        "pulumi",
        marks=pytest.mark.skipif(
            not shutil.which("pulumi"), reason="pulumi is not on PATH: nothing ran on the real engine"
        ),
    ),
]


@dataclass
class Outcome:
    """What a command did, the same for both engines."""

    failed: bool
    changes: dict[str, int]
    """Operation: how many resources; those that stay the same are left out."""
    text: str
    """Everything that was shown."""


@dataclass
class Engine:
    """A stack of its own, with a program that can be changed between deployments."""

    directory: Path
    config: dict[str, str]
    environ: dict[str, str] = field(default_factory=dict)

    def program(self, source: str) -> None:
        """Write the program, indented as it stands in the test."""
        head = "import pulumi\nimport pulumi_cvc as cvc\nACME = dict(group_id='88', group_name='阿里巴巴')\n"
        (self.directory / "__main__.py").write_text(head + textwrap.dedent(source), encoding="utf-8")

    def up(self, source: str | None = None, **options: Any) -> Outcome:
        """Deploy, without a preview."""
        if source is not None:
            self.program(source)
        return self._run("up", **options)

    def preview(self, source: str | None = None, **options: Any) -> Outcome:
        """Show what `up` would do."""
        if source is not None:
            self.program(source)
        return self._run("preview", **options)

    def refresh(self, *, preview_only: bool = False) -> Outcome:
        """Read everything, and with *preview_only* leave the state as it is."""
        return self._run("refresh", preview_only=preview_only)

    def destroy(self, **options: Any) -> Outcome:
        """Delete everything."""
        return self._run("destroy", **options)

    def users(self) -> dict[str, dict[str, Any]]:
        """Give inputs and outputs of the users in the state, by resource name."""
        return {
            resource["urn"].rpartition("::")[2]: {
                key: {name: value for name, value in resource.get(key, {}).items() if not name.startswith("__")}
                for key in ("inputs", "outputs")
            }
            for resource in self.resources()
            if resource["type"].endswith("cvc:User")
        }

    def resources(self) -> list[dict[str, Any]]:
        """Give the resources in the state."""
        raise NotImplementedError

    def urn(self, name: str) -> str:
        """Give the URN of the user whose resource is called *name*."""
        return f"urn:pulumi:{STACK}::{PROJECT}::pulumi-python:dynamic/cvc:User::{name}"

    def _run(self, command: str, **options: Any) -> Outcome:
        raise NotImplementedError


class RealEngine(Engine):
    """The Pulumi CLI with a file backend of its own."""

    def start(self, home: Path) -> None:
        (self.directory / "state").mkdir()
        project = f"name: {PROJECT}\nruntime: python\nbackend:\n  url: file://{self.directory / 'state'}\n"
        (self.directory / "Pulumi.yaml").write_text(project, encoding="utf-8")
        self.environ = {
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_DEBUG_COMMANDS": "true",  # shows --event-log
            "PULUMI_HOME": str(home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self._pulumi("stack", "init", STACK).check_returncode()
        self._settings = self.directory / f"Pulumi.{STACK}.yaml"
        self._salt = self._settings.read_text(encoding="utf-8")

    def resources(self) -> list[dict[str, Any]]:
        file = self.directory / f"state/.pulumi/stacks/{PROJECT}/{STACK}.json"
        latest = json.loads(file.read_text(encoding="utf-8"))["checkpoint"]["latest"]
        return latest.get("resources", [])

    def _run(self, command: str, **options: Any) -> Outcome:
        # What differs is asked for where nothing is written: elsewhere the text must be free of personal values.
        looking = command == "preview" or options.get("preview_only")
        flags = ["--event-log", "events.json", *(["--diff"] if looking else ["--yes", "--skip-preview"])]
        for name, value in options.items():
            if value is True:
                flags.append(f"--{name.replace('_', '-')}")
            elif value:
                flags += [f"--{name}={self.urn(resource)}" for resource in value]
        self._settings.write_text(f"{self._salt}config: {json.dumps(self.config)}\n", encoding="utf-8")
        log = self.directory / "events.json"
        log.unlink(missing_ok=True)
        done = self._pulumi(command, *flags)
        events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
        summaries = [event["summaryEvent"] for event in events if "summaryEvent" in event]
        changes = summaries[-1].get("resourceChanges") or {} if summaries else {}
        changed = {operation: count for operation, count in changes.items() if operation != "same"}
        return Outcome(done.returncode != 0, changed, done.stdout)

    def _pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.directory,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


class TestingEngine(Engine):
    """`pulumi_cvc.testing`."""

    def start(self, home: Path) -> None:
        self.environ = {"ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", "HOME": str(home)}
        self._lines: list[str] = []
        self._stack = testing.Stack(self.directory, project=PROJECT, stack=STACK, output=self._lines.append)

    def resources(self) -> list[dict[str, Any]]:
        return self._stack.resources

    def _run(self, command: str, **options: Any) -> Outcome:
        self._lines.clear()
        self._stack.config, self._stack.env = self.config, self.environ
        if command == "up":
            options["skip_preview"] = True
        try:
            result, failed = getattr(self._stack, command)(**options), False
        except testing.DeploymentFailed as error:
            result, failed = error.result, True
        changes = {operation: count for operation, count in result.changes.items() if operation != "same"}
        return Outcome(failed, changes, "\n".join(self._lines))


def new_engine(kind: str, directory: Path, endpoint: str, home: Path) -> Engine:
    directory.mkdir()
    engine = {"testing": TestingEngine, "pulumi": RealEngine}[kind](directory, KEYS | {"cvc:endpoint": endpoint})
    engine.start(home)
    return engine


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Give a home directory without anybody's credentials."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def emulator(request):
    """Give an emulator with the options that the test parametrizes it with."""
    with Emulator(**getattr(request, "param", {})) as emulator:
        yield emulator


@pytest.fixture(params=ENGINES)
def make_engine(request, tmp_path, emulator, home):
    """Give a factory of stacks on one engine."""
    return lambda name: new_engine(request.param, tmp_path / name, emulator.url, home)


@pytest.fixture
def engine(make_engine):
    """Give a stack."""
    return make_engine("stack")


@pytest.fixture(params=ENGINES, scope="module")
def standing(request, tmp_path_factory, home):
    """Give a stack with one user, deployed once for all tests of a module, and its emulator."""
    with Emulator() as emulator:
        engine = new_engine(request.param, tmp_path_factory.mktemp("standing") / "stack", emulator.url, home)
        engine.up("""cvc.User("zhang", user_id="123", user_name="张三", **ACME)""")
        yield engine, emulator

"""Plays the daily loop on examples/quickstart: create, drift behind Pulumi's back, repair, rename, destroy.

Everything happens on this machine, against an emulated CVC service, in `.demo` beside this folder; your own Pulumi
login, stacks and credentials are neither read nor written.
"""

import argparse
import difflib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pulumi.automation import PulumiCommand

from pulumi_cvc import testing
from pulumi_cvc.emulator import Emulator

PROJECT = "quickstart"
DEFAULT_HOME = Path(__file__).parent.parent / ".demo"
# The user's own: whoever is logged in, whichever keys are exported.
NOT_PASSED_ON = ("PULUMI_", "ALIBABA_CLOUD_", "ALICLOUD_", "CVC_")
DOWNLOAD_TIMEOUT_S = 20
DRIFT = 7


class Cli:
    """The real engine: the Pulumi CLI, with a login, a backend and a stack of its own."""

    def __init__(self, command: str, home: Path, endpoint: str) -> None:
        self._command = command
        self._project = home / PROJECT
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)} | {
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            "PATH": os.pathsep.join([str(Path(command).parent), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_HOME": str(home / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        (home / "state").mkdir(parents=True)
        self._run("stack", "init", "demo", "--non-interactive")
        self._run("config", "set", "cvc:endpoint", endpoint, "--non-interactive")

    def __call__(self, *arguments: str) -> int:
        """Run a command as a person would, shown with its output; give the exit code that CI would see."""
        print(f"$ pulumi {' '.join(arguments)}", flush=True)
        colour = "always" if sys.stdout.isatty() else "never"
        return self._run(*arguments, "--non-interactive", "--color", colour, check=False)

    def _run(self, *arguments: str, check: bool = True) -> int:
        stdout = subprocess.DEVNULL if check else None
        command = [self._command, *arguments]
        return subprocess.run(command, cwd=self._project, env=self._environ, check=check, stdout=stdout).returncode


class WithoutCli:
    """`pulumi_cvc.testing`, behind the same commands."""

    def __init__(self, home: Path, endpoint: str) -> None:
        config = {"cvc:endpoint": endpoint, "cvc:accessKeyId": "testid", "cvc:accessKeySecret": "testsecret"}
        self._stack = testing.Stack(home / PROJECT, config=config, stack="demo", output=print)

    def __call__(self, *arguments: str) -> int:
        command, *flags = arguments
        print(f"- {' '.join(arguments)}", flush=True)
        options = {flag[2:].replace("-", "_"): True for flag in flags if flag in {"--refresh", "--preview-only"}}
        try:
            result = getattr(self._stack, command)(**options)
        except testing.DeploymentFailed:
            return 255
        return DRIFT if "--expect-no-changes" in flags and result.has_changes else 0


def find_cli(wanted: str, home: Path) -> str | None:
    """Give the CLI on PATH, or one installed into *home* by Pulumi's own installer, or None; say which it is."""
    on_path = shutil.which("pulumi")
    if wanted in {"any", "path"} and on_path:
        print(f"Engine: the Pulumi CLI on PATH, {on_path}")
        return on_path
    if wanted in {"any", "install"}:
        print(
            f"There is no Pulumi CLI on PATH: installing it into {home / 'cli'} with Pulumi's own installer …",
            flush=True,
        )
        socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_S)
        try:
            command = PulumiCommand.install(root=str(home / "cli")).command
        except Exception as error:  # noqa: BLE001 - no network, no curl, no disk: the demo goes on without
            print(f"That was not possible ({type(error).__name__}).")
        else:
            print(f"Engine: the Pulumi CLI, {command}")
            return command
        finally:
            socket.setdefaulttimeout(None)
    if wanted in {"any", "testing"}:
        print(
            "Engine: pulumi_cvc.testing, which runs the real program and the real provider, but is not Pulumi itself."
        )
        return None
    sys.exit(f"demo: there is no such engine here: {wanted}")


class Demo:
    """The steps, each checked: what it says has happened in the service, or the demo fails."""

    def __init__(self, pulumi: Callable[..., int], emulator: Emulator, program: Path) -> None:
        self._pulumi = pulumi
        self._emulator = emulator
        self._program = program
        self._steps = 0

    def play(self) -> None:
        """Play the loop from an empty directory to an empty directory."""
        self._step("What would be created? A preview writes nothing.")
        self._run("preview")
        self._expect(count=0)

        self._step("Create the eight people of examples/quickstart.")
        self._run("up", "--yes", "--skip-preview")
        self._expect(count=8)

        self._step("Again, with nothing changed: nothing is written.")
        self._emulator.clear_requests()
        self._run("up", "--yes", "--skip-preview", "--expect-no-changes")
        self._expect(count=8, calls=0)

        self._step("Behind Pulumi's back, somebody changes 李娜's mobile number and deletes 刘洋.")
        self._emulator.put_user({**self._user("10003"), "userMobile": "13999999999"})
        self._emulator.delete_user("10004")
        self._expect(count=7)

        self._step("A nightly job looks for drift, and writes nothing.")
        self._emulator.clear_requests()
        self._run("refresh", "--preview-only", "--expect-no-changes", "--diff", exit_code=DRIFT)
        self._expect(count=7, calls=8)
        print(f"\n→ exit code {DRIFT}: this is what turns a CI job red.")

        self._step("Repair: 李娜 gets her number back, 刘洋 is there again.")
        self._run("up", "--refresh", "--yes", "--skip-preview")
        self._expect(count=8)
        self._check(self._user("10003")["userMobile"] == "13800000003", "李娜 has her number back")

        self._step("Rename a resource in the program. With an upsert API this is how a person gets lost.")
        created = self._user("10006")["createTime"]
        self._edit('"ouyang-xue":', '"xue-ouyang":')
        self._run("up", "--yes", "--skip-preview")
        self._expect(count=8)
        self._check(self._user("10006")["createTime"] == created, "欧阳雪 was not deleted, not even for a moment")

        self._step("Destroy.")
        self._run("destroy", "--yes", "--skip-preview")
        self._expect(count=0)

    def _step(self, title: str) -> None:
        self._steps += 1
        print(f"\n━━ {self._steps}. {title}\n", flush=True)

    def _run(self, *arguments: str, exit_code: int = 0) -> None:
        self._check((got := self._pulumi(*arguments)) == exit_code, f"exit code {exit_code}", f"exit code {got}")

    def _expect(self, count: int, calls: int | None = None) -> None:
        there = len(self._emulator.users())
        self._check(there == count, f"{count} people are there", f"{there} people are there")
        made = len(self._emulator.requests())
        self._check(calls in {None, made}, f"{calls} calls", f"{made} calls")
        print(f"\n→ CVC has {there} people" + (f"; {made} calls were made." if calls is not None else "."))

    def _check(self, is_so: bool, expected: str, instead: str = "") -> None:  # noqa: FBT001
        if not is_so:
            sys.exit(
                f"\ndemo: step {self._steps} went wrong: expected {expected}" + (f", got {instead}" if instead else "")
            )

    def _user(self, user_id: str) -> dict[str, object]:
        return self._emulator.user(user_id) or sys.exit(f"\ndemo: step {self._steps} went wrong: no user {user_id}")

    def _edit(self, old: str, new: str) -> None:
        before = self._program.read_text(encoding="utf-8")
        after = before.replace(old, new)
        self._program.write_text(after, encoding="utf-8")
        difference = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        print("\n".join([*difference][3:]) + "\n", flush=True)


def main() -> None:
    """Play it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["any", "path", "install", "testing"], default="any", help="(default: any)")
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help="where everything is kept (default: .demo)")
    arguments = parser.parse_args()
    home = arguments.home.resolve()
    for left in (PROJECT, "state", "home"):
        shutil.rmtree(home / left, ignore_errors=True)
    project = home / PROJECT
    example = Path(__file__).parent / PROJECT
    shutil.copytree(example, project, ignore=shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml"))
    command = find_cli(arguments.engine, home)
    started = time.monotonic()
    with Emulator() as emulator:
        print(f"Service: an emulated CVC at {emulator.url}")
        pulumi = Cli(command, home, emulator.url) if command else WithoutCli(home, emulator.url)
        Demo(pulumi, emulator, project / "__main__.py").play()
    print(f"\nThat was the loop, in {time.monotonic() - started:.0f} s. The program that ran is {project}.")


if __name__ == "__main__":
    main()

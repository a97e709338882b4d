"""What `User`s cost beside resources that do nothing: medians and ratios of runs that alternate, on the real engine.

Times by themselves say little: they depend on the machine, and on the engine, which writes its whole state after each
step.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pulumi.automation import ConfigValue, LocalWorkspace, ProjectBackend, ProjectSettings, Stack

from pulumi_cvc import testing
from pulumi_cvc.emulator import Emulator

ROOT = Path(__file__).parent.parent
KEYS = {"cvc:accessKeyId": "testid", "cvc:accessKeySecret": "testsecret"}
USERS = """
import pulumi_cvc as cvc
from benchmarks.noop import Noop

for number in range({count}):
    {resource}(
        f"user-{{number}}", user_id=f"{{number}}", user_name=f"员工{{number}}", group_id="88", group_name="阿里巴巴",
        depart_id="1111", depart_name="行政部", user_email=f"user-{{number}}@example.com", user_tel="0571-85020000",
        user_mobile="13800000000",
    )
"""
KINDS = {"no-op": "Noop", "User": "cvc.User"}
OPERATIONS = ("up", "up again", "refresh", "destroy")

Deploy = Callable[[str], None]


def pulumi_stack(directory: Path, config: dict[str, str]) -> Deploy:
    """Give a stack of the real engine, with a file backend and a home of its own."""
    (directory / "state").mkdir()
    settings = ProjectSettings("bench", "python", backend=ProjectBackend(f"file://{directory / 'state'}"))
    environ = {
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PYTHONPATH": str(ROOT),
    }
    workspace = LocalWorkspace(str(directory), str(directory / "home"), env_vars=environ, project_settings=settings)
    stack = Stack.create("bench", workspace)
    for key, value in config.items():
        workspace.set_config("bench", key, ConfigValue(value))
    return lambda command: getattr(stack, command)()


def testing_stack(directory: Path, config: dict[str, str]) -> Deploy:
    """Give a stack without the CLI."""
    stack = testing.Stack(directory, config=config, env={"PYTHONPATH": str(ROOT)})
    return lambda command: getattr(stack, command)()


def measure(
    new_stack: Callable[[Path, dict[str, str]], Deploy], kind: str, count: int
) -> tuple[dict[str, float], Counter[str]]:
    """Deploy *count* resources of a kind once; give the seconds of each operation, and the calls that were made."""
    with tempfile.TemporaryDirectory() as name, Emulator() as emulator:
        directory = Path(name)
        (directory / "__main__.py").write_text(USERS.format(count=count, resource=KINDS[kind]), encoding="utf-8")
        deploy = new_stack(directory, KEYS | {"cvc:endpoint": emulator.url})
        seconds = {}
        for operation in OPERATIONS:
            started = time.monotonic()
            deploy(operation.split()[0])
            seconds[operation] = time.monotonic() - started
        return seconds, Counter(request["action"] for request in emulator.requests())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="resources of each kind (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="of each kind, alternating (default: %(default)s)")
    arguments = parser.parse_args()
    real = shutil.which("pulumi")
    print(f"Engine: {real or 'pulumi_cvc.testing, since there is no pulumi on PATH'}", flush=True)
    runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    calls: Counter[str] = Counter()
    for number in range(arguments.runs):
        for kind in KINDS:
            seconds, calls = measure(pulumi_stack if real else testing_stack, kind, arguments.count)
            runs[kind].append(seconds)
            shown = ", ".join(f"{operation} {took:.2f} s" for operation, took in seconds.items())
            print(f"run {number + 1}, {arguments.count} {kind}: {shown}", flush=True)
    print("\n| median of | " + " | ".join(OPERATIONS) + " |\n|---|" + "---|" * len(OPERATIONS))
    medians = {
        kind: [statistics.median(run[operation] for run in runs[kind]) for operation in OPERATIONS] for kind in KINDS
    }
    for kind in KINDS:
        print(f"| {arguments.count} {kind}, s | " + " | ".join(f"{took:.2f}" for took in medians[kind]) + " |")
    ratios = [user / noop for user, noop in zip(medians["User"], medians["no-op"], strict=True)]
    print("| User / no-op | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |")
    print(
        "\nCalls per user: " + ", ".join(f"{action} {number / arguments.count:g}" for action, number in calls.items())
    )


if __name__ == "__main__":
    main()

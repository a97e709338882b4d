"""Runs a Pulumi program on Pulumi's SDK, in this process or, by `main`, in one of its own."""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import cast

import pulumi
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config

_PARALLEL = 16


@dataclass(frozen=True)
class Run:
    """What the program is told of the deployment that it is part of."""

    project: str
    stack: str
    monitor: str
    dry_run: bool
    config: dict[str, str]

    def to_json(self) -> str:
        """Write it for a process of its own."""
        return json.dumps(asdict(self))


def run(program: Callable[[], object], told: Run, directory: Path) -> bool:
    """Run it to its end and that of all that it started; what goes wrong is logged to the engine and gives False.

    It changes context variables, so whoever calls it in a process that goes on does so in a context of its own.
    """
    set_all_config(told.config)
    configure(
        Settings(
            project=told.project,
            stack=told.stack,
            monitor=told.monitor,
            engine=told.monitor,
            dry_run=told.dry_run,
            organization="organization",
            root_directory=str(directory),
        )
    )
    loop = asyncio.new_event_loop()
    # What a failed deployment leaves behind is not the program's fault.
    loop.set_exception_handler(lambda _loop, _context: None)
    executor = ThreadPoolExecutor(_PARALLEL)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(run_in_stack(cast("Callable[[], None]", program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except SystemExit as error:
        if error.code in (None, 0):
            return True
        pulumi.log.error(f"the program ended with status {error.code}")
    except BaseException as error:  # noqa: BLE001 - whatever a program raises
        shown = "".join(traceback.format_exception(type(error), error, _own_frames(error)))
        pulumi.log.error(f"Program failed with an unhandled exception:\n{shown}")
    else:
        return True
    finally:
        loop.run_until_complete(_cancel_tasks())
        executor.shutdown()
        loop.close()
    return False


def _own_frames(error: BaseException) -> TracebackType | None:
    """Leave out the frames that lead to the program."""
    trace = error.__traceback__
    while trace and _leads_there(trace.tb_frame):
        trace = trace.tb_next
    return trace or error.__traceback__


def _leads_there(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__"))
    return frame.f_code.co_filename == __file__ or module.startswith(("asyncio", "pulumi.", "runpy"))


async def _cancel_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """Run the program named by the first argument; stdin has the `Run`."""
    path = Path(sys.argv[1])
    told = Run(**json.loads(sys.stdin.read()))
    sys.argv = [sys.argv[1]]
    directory = path if path.is_dir() else path.parent
    good = run(lambda: runpy.run_path(str(path), run_name="__main__"), told, directory)
    sys.exit(not good)

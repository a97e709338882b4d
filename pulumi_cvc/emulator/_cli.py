"""The command ``cvc-emulator``."""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ._emulator import Emulator
from ._options import CHOICES, AccessKey

DEFAULT_PORT = 8460
_LAST_PORT = 65535


def main(argv: Sequence[str] | None = None) -> int:
    """Run the emulator until SIGINT or SIGTERM; *argv* is without the program's name. Gives the status."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    stop = threading.Event()
    # Before the URL is out: whoever reads it may end the emulator at once.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        emulator = Emulator(port=arguments.port, log=_print_line if arguments.log else None, **_options(arguments))
    except ValueError as error:
        parser.error(str(error))
    except (ImportError, sqlite3.Error) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"cannot listen on 127.0.0.1:{arguments.port}: {error.strerror}")
    with emulator:
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        # With a limit, since Windows sees Ctrl+C only between two waits.
        while not stop.wait(1):
            pass
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"cvc-emulator: {message}\n")
    return 1


def _print_line(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    given = {
        name: value for name, value in vars(arguments).items() if name not in ("port", "log") and value is not None
    }
    if "access_keys" in given:
        given["access_keys"] = tuple(given["access_keys"])
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cvc-emulator",
        description="Run a CVC service on this machine. The first line on stdout is its URL.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--port", type=_port, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    add(
        "--access-key",
        type=_access_key,
        action="append",
        dest="access_keys",
        metavar="ID:SECRET[:TOKEN]",
        help="a key that is let in, a temporary one with its token; repeatable (default: testid:testsecret)",
    )
    add("--database", metavar="FILE", help="keep users and meetings in this SQLite file (default: in memory)")
    _choice(add, "upsert", "what CreateUser does to optional fields left out for a user who exists")
    add(
        "--empty-clears",
        type=_yes_or_no,
        metavar="{yes,no}",
        help="whether '' clears an optional field (default: yes)",
    )
    _choice(add, "missing_user", "what GetUser answers for a user who does not exist")
    _choice(add, "delete_missing", "what DeleteUser answers for a user who does not exist")
    _choice(add, "bad_batch", "what is refused when one user of a batch is bad")
    _choice(add, "meeting_form", "which of its contradicting forms ListMembers answers in")
    _number(
        add,
        "read_delay_s",
        float,
        "SECONDS",
        "how long GetUser goes on answering as before a write (default: 0)",
    )
    _number(add, "latency_s", float, "SECONDS", "how long every answer is held back (default: 0)")
    _number(add, "clock_offset_s", float, "SECONDS", "how far the service's clock is ahead (default: 0)")
    _number(add, "qps", int, "N", "throttle what is more than this in one second (default: no limit)")
    _number(add, "max_count", int, "N", "refuse more users in one call (default: no limit)")
    add(
        "-v",
        "--log",
        action="store_true",
        help="print a line for each request to stderr: action, users, outcome",
    )
    return parser


def _choice(add: Callable[..., argparse.Action], name: str, text: str) -> None:
    choices = CHOICES[name]
    add(_flag(name), choices=choices, help=f"{text} (default: {choices[0]})")


def _number(add: Callable[..., argparse.Action], name: str, kind: type, unit: str, text: str) -> None:
    add(_flag(name), type=kind, dest=name, metavar=unit, help=text)


def _flag(name: str) -> str:
    return "--" + name.removesuffix("_s").replace("_", "-")


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = -1
    if not 0 <= port <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to {_LAST_PORT}")
    return port


def _access_key(text: str) -> AccessKey:
    try:
        return AccessKey(*text.split(":", 2))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError("must be ID:SECRET or ID:SECRET:TOKEN") from None


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise argparse.ArgumentTypeError("must be yes or no")
    return text == "yes"

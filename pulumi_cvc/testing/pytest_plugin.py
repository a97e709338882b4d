"""Fixtures for tests of one's own programs; pytest loads this module wherever the distribution is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Every pytest run of the environment imports this module, most of them for nothing.
if TYPE_CHECKING:
    from pulumi_cvc.emulator import Emulator
    from pulumi_cvc.testing import Stack


@pytest.fixture
def cvc_emulator() -> Iterator[Emulator]:
    """Give a CVC service on this machine, empty, for one test."""
    from pulumi_cvc.emulator import Emulator  # noqa: PLC0415

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def cvc_stack(cvc_emulator: Emulator) -> Callable[..., Stack]:
    """Give `pulumi_cvc.testing.Stack`, configured for `cvc_emulator`: ``cvc_stack(program, config=…)``."""
    from pulumi_cvc.testing import Stack  # noqa: PLC0415

    service = {
        "cvc:endpoint": cvc_emulator.url,
        "cvc:accessKeyId": "testid",
        "cvc:accessKeySecret": "testsecret",
    }

    def new_stack(
        program: Callable[[], object] | str | Path, config: Mapping[str, str] | None = None, **options: object
    ) -> Stack:
        return Stack(program, config={**service, **(config or {})}, **options)  # type: ignore[arg-type]

    return new_stack

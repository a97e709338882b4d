"""A CVC service to run on one's own machine.

``cvc-emulator`` (the same as ``python -m pulumi_cvc.emulator``) runs it on its own; `Emulator` runs it inside
a test::

    with Emulator(upsert="replace") as emulator:
        ...  # a client whose endpoint is emulator.url, with access key testid and secret testsecret
        assert emulator.requests()[-1]["outcome"] == "ok"

It serves ``CreateUser``, ``DeleteUser``, ``GetUser`` and ``ListMembers`` of version 2019-10-30, checks both
kinds of signature and answers errors as the gateway does. What is not known about the service is an option:
see `Options`. A second door under ``/_emulator/`` shows and changes what it holds, lists what arrived and
injects faults: see `Emulator`.

Not emulated: every other action, XML answers, RAM permissions, limits of the account (but see
`Options.max_count`), and more than one account: every access key sees the same users.

It imports nothing else of this distribution, signing included, so that a mistake there cannot cancel itself
here.
"""

from ._cli import main
from ._emulator import Emulator
from ._options import AccessKey, Options

__all__ = ["AccessKey", "Emulator", "Options", "main"]

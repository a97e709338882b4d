"""Deployments without the Pulumi CLI, for unit tests of one's own programs and for trying out.

::

    def test_staff():
        with Emulator() as emulator:
            keys = {"cvc:endpoint": emulator.url, "cvc:accessKeyId": "testid", "cvc:accessKeySecret": "testsecret"}
            stack = Stack("path/to/program", config=keys)
            stack.up()
            assert emulator.user("10001")["userName"] == "张伟"
            assert not stack.preview().has_changes

The program runs on Pulumi's own SDK, and its resources reach the provider through the process and the protocol that the
real engine uses. The engine between them is not Pulumi's: it keeps the state in memory and knows the resources of
dynamic providers and components, with the options ``parent``, ``depends_on``, ``protect``, ``ignore_changes``,
``aliases``, ``delete_before_replace``, ``retain_on_delete``, ``deleted_with``, ``additional_secret_outputs`` and
``id``. What it does not know is an error. It is not an engine to deploy with.

pytest finds the fixtures ``cvc_emulator`` and ``cvc_stack`` by itself: see `pulumi_cvc.testing.pytest_plugin`.
"""

from pulumi_cvc.testing._report import DeploymentFailed, Diagnostic, Result, Step
from pulumi_cvc.testing._stack import Stack

__all__ = ["DeploymentFailed", "Diagnostic", "Result", "Stack", "Step"]

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_cvc import api

MODULES = sorted(Path(api.__file__).parent.glob("*.py"))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports_nothing_of_ours_but_itself_and_never_pulumi(path):
    names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
    ours = {name for name in names if name.partition(".")[0] in {"pulumi", "pulumi_cvc"}}
    assert all(f"{name}.".startswith("pulumi_cvc.api.") for name in ours)


def test_importing_the_api_imports_neither_pulumi_nor_the_official_credentials_package():
    """The package above imports pulumi, so an empty one stands in for it."""
    program = (
        "import sys, types\n"
        "package = types.ModuleType('pulumi_cvc')\n"
        f"package.__path__ = [{str(Path(api.__file__).parents[1])!r}]\n"
        "sys.modules['pulumi_cvc'] = package\n"
        "import pulumi_cvc.api\n"
        "roots = {name.partition('.')[0].lower() for name in sys.modules}\n"
        "print(sorted(root for root in roots if root == 'pulumi' or 'alibaba' in root or 'tea' in root))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_keys_of_the_environment_do_not_import_the_official_package():
    program = (
        "import sys\n"
        "from pulumi_cvc.api import DefaultCredentials\n"
        "environ = {'ALICLOUD_ACCESS_KEY': 'id', 'ALICLOUD_SECRET_KEY': 'secret'}\n"
        "assert DefaultCredentials(environ=environ).get_credentials().access_key_id == 'id'\n"
        "print('alibabacloud_credentials' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"

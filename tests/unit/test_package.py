"""Who imports whom, and which names are public."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

import pulumi_cvc

ROOT = Path(pulumi_cvc.__file__).parent
# Part of the package: parts of ours that it may import, beside itself.
MAY_IMPORT = {
    "api": set(),
    "emulator": set(),
    "schema": set(),
    "lifecycle": {"api", "schema"},
    "dynamic": {"api", "lifecycle", "schema"},
    "testing": {"emulator"},
    "__init__": {"api", "dynamic", "lifecycle"},
}
MAY_IMPORT_PULUMI = {"dynamic", "testing"}


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            package = path.relative_to(ROOT.parent).with_suffix("").parts[: -node.level]
            yield ".".join([*package, *([node.module] if node.module else [])])
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_arrows_of_the_design_hold(path):
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    for name in imports_of(path):
        package, _, rest = name.partition(".")
        if package == "pulumi_cvc":
            imported = rest.partition(".")[0]
            assert imported == part or imported in MAY_IMPORT[part], f"{part} imports {imported}"
        if package == "pulumi":
            assert part in MAY_IMPORT_PULUMI, f"{part} imports pulumi"


@pytest.mark.parametrize(
    "name", ["pulumi_cvc", "pulumi_cvc.api", "pulumi_cvc.emulator", "pulumi_cvc.lifecycle", "pulumi_cvc.testing"]
)
def test_the_public_names_are_listed_and_documented(name):
    module = importlib.import_module(name)
    listed = module.__all__
    assert listed == sorted(listed, key=lambda item: (not item.isupper(), not item[0].isupper(), item))
    defined = {item for item, value in vars(module).items() if not item.startswith("_") and not inspect_module(value)}
    assert {*listed} == defined
    for item in listed:
        value = getattr(module, item)
        if callable(value) and getattr(value, "__module__", "").startswith("pulumi_cvc"):
            assert value.__doc__, f"{name}.{item} has no docstring"


def inspect_module(value):
    return type(value) is type(sys)

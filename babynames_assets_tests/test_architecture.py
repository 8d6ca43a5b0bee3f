"""Tests that hold the house's promises: the direction of imports, one reader of the environment, documented modules."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
MODULES = sorted((CHECKOUT / "babynames_assets").rglob("*.py"))
READS_THE_ENVIRONMENT = {"settings.py"}


def test_imports_run_one_way() -> None:
    """The contracts in pyproject.toml hold for every module."""
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout


def test_every_package_and_module_is_in_a_layer() -> None:
    """A new one without a place in the layers would be free to import anything."""
    contracts = (CHECKOUT / "pyproject.toml").read_text()
    layers = contracts.split("layers = [", maxsplit=1)[1].split("]", maxsplit=1)[0]
    folder = CHECKOUT / "babynames_assets"
    packages = {path.name for path in folder.iterdir() if (path / "__init__.py").is_file()}
    modules = {path.stem for path in folder.glob("*.py")}
    placed = set(re.findall(r"babynames_assets\.(\w+)", layers))

    missing = (packages | modules) - placed - {"emulators", "__init__"}

    assert not missing


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_module_says_its_purpose_in_its_first_line(path: Path) -> None:
    """Whoever opens a file knows at once what it is for."""
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""

    assert docstring
    assert docstring.splitlines()[0].rstrip().endswith((".", ":"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_only_the_settings_read_the_environment(path: Path) -> None:
    """A value that hides in the environment is not in the documented table."""
    names = {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    }

    assert path.name in READS_THE_ENVIRONMENT or not names & {"environ", "getenv", "environb"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_module_stays_readable_in_one_sitting(path: Path) -> None:
    """At 300 lines a module has more than one purpose."""
    assert len(path.read_text().splitlines()) <= 300

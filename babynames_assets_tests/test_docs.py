"""Tests that hold the documentation to the code."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from babynames_assets.cli.main import app
from babynames_assets.definitions import defs
from babynames_assets.emulators.hubspot.app import create_app
from babynames_assets.emulators.hubspot.contact_counts import OUTCOMES
from babynames_assets.emulators.hubspot.faults.fault import Fault
from babynames_assets.emulators.hubspot.faults.rules import RULES
from babynames_assets.emulators.hubspot.faults.schedule import KINDS
from babynames_assets.emulators.hubspot.statistics import Statistics
from babynames_assets.hubspot import answer_rules
from babynames_assets.settings import Settings, secret_variables, variables

CHECKOUT = Path(__file__).parents[1]
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]


def test_every_setting_is_documented_with_its_default() -> None:
    """docs/settings.md is the table of settings.py, row by row."""
    page = (CHECKOUT / "docs" / "settings.md").read_text()
    rows = [f"| `{name}` | {f'`{default}`' if default else ''} | {text} |" for name, default, text in variables()]

    documented = [line for line in page.splitlines() if line.startswith("| `BABYNAMES_")]

    assert documented == rows


def test_every_command_is_documented() -> None:
    """docs/cli.md names every subcommand of babynames and every option of it."""
    page = (CHECKOUT / "docs" / "cli.md").read_text()
    group = typer.main.get_command(app)

    for path, command in _commands(group, "babynames"):
        assert f"`{path}`" in page, path
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    assert f"`{option}`" in page, f"{path} {option}"


def test_every_kind_of_fault_is_documented() -> None:
    """The guide's tables are those of the emulator, row by row: the kinds of faults, and the fields of an order."""
    page = (CHECKOUT / "docs" / "guides" / "hubspot-emulator.md").read_text()
    rows = [f"| `{name}` | {field.description} |" for name, field in Fault.model_fields.items()]
    rows += [f"| `{name}` | {kind.about} |" for name, kind in KINDS.items()]
    rows += [f"| `{name}` | {about} |" for name, (about, _) in RULES.items()]

    documented = [line for line in page.splitlines() if re.match(r"\| `[a-z_]+` \| ", line)]

    assert [line for line in documented if line in rows] == rows
    assert {line.split("`")[1] for line in documented} >= set(KINDS) | set(RULES)


def test_every_number_of_the_emulator_is_documented() -> None:
    """Whatever /_stats tells has its line in the guide, and every door has one too."""
    page = (CHECKOUT / "docs" / "guides" / "hubspot-emulator.md").read_text()
    app_ = create_app(state_file=None, token="x", tier="free")
    doors = {getattr(route, "path", "") for route in app_.routes if getattr(route, "path", "").startswith("/_")}

    for name in (*Statistics().as_json(), *OUTCOMES, *doors):
        assert f"`{name}`" in page or f" {name}`" in page, name


def test_every_sensor_schedule_and_job_is_documented() -> None:
    """docs/guides/automation.md has a row for each of them in its own table, and for nothing that does not exist."""
    page = (CHECKOUT / "docs" / "guides" / "automation.md").read_text()
    repository = defs.get_repository_def()
    exist = {
        "Sensors": {sensor.name for sensor in repository.sensor_defs},
        "Schedules": {schedule.name for schedule in repository.schedule_defs},
        "Jobs": {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")},
    }

    for heading, names in exist.items():
        section = page.split(f"## {heading}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
        assert set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)) == names, heading
    assert all(sensor.description for sensor in repository.sensor_defs)
    assert all(schedule.description for schedule in repository.schedule_defs)


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield f"{path} {name}", inner
        yield from _commands(inner, f"{path} {name}")


def test_every_make_target_that_the_pages_name_exists() -> None:
    """Whatever `make` command a page says, it can be run."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))

    named = {target for page in PAGES for target in re.findall(r"`make ([a-z-]+)", page.read_text())}

    assert named
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    """A page never points at a file that is not there."""
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_variable_that_a_page_names_exists(page: Path) -> None:
    """A page never names a setting that was renamed."""
    known = {name for name, _, _ in variables()} | {"BABYNAMES_ENV_FILE"}
    known |= {f"{name}_FILE" for name in secret_variables()}

    named = set(re.findall(r"BABYNAMES_[A-Z_]+[A-Z]", page.read_text()))

    assert {name for name in named - known if not name.startswith("BABYNAMES_TEST_")} == set()


@pytest.mark.parametrize("environment", ["development", "test", "staging", "production"])
def test_the_example_env_file_of_each_environment_loads_and_holds_no_secret(environment: str) -> None:
    """Every line of an example is a setting that exists with a value that is good, and no secret has a value."""
    path = CHECKOUT / "deploy" / "environments" / f"{environment}.env.example"

    settings = Settings(_env_file=path)

    assert settings.environment == environment
    assert [name for name in secret_variables() if re.search(rf"^{name}=.", path.read_text(), re.MULTILINE)] == []
    assert re.findall(r"://[^/\s:@]+:([^/\s@]+)@", path.read_text()) in ([], ["PASSWORD"])


def test_every_answer_of_hubspot_is_documented_as_it_is_treated() -> None:
    """docs/guides/hubspot-answers.md is the table of hubspot/answer_rules.py, row by row."""
    page = (CHECKOUT / "docs" / "guides" / "hubspot-answers.md").read_text()

    documented = [line for line in page.splitlines() if re.match(r"\| \d", line)]

    assert documented == [_row(rule) for rule in answer_rules.RULES]


def _row(rule: answer_rules.Rule) -> str:
    statuses = str(rule.first) if rule.first == rule.last else f"{rule.first} to {rule.last}"
    said = " or ".join([f"`{rule.policy}`"] * bool(rule.policy) + [f"“{rule.words}”"] * bool(rule.words))
    waits = "" if rule.wait is None else f"{rule.wait:g} s"
    return f"| {statuses} | {said} | {rule.action.value} | {waits} | {rule.meaning} |"


def test_every_check_is_documented_as_it_is_declared() -> None:
    """The guide has a row for each check, under its asset, with its severity; what it stops says whether it blocks."""
    page = (CHECKOUT / "docs" / "guides" / "morning-look.md").read_text()
    graph = defs.resolve_asset_graph()

    documented = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        asset = section.splitlines()[0]
        for row in re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]+) \|", section, re.MULTILINE):
            documented[asset, row[0]] = (row[1], row[2].strip() != "nothing")
    declared = {
        (key.asset_key.to_user_string(), key.name): (
            graph.get_check_spec(key).metadata.get("severity", "ERROR"),
            graph.get_check_spec(key).blocking,
        )
        for key in graph.asset_check_keys
    }

    assert documented == declared

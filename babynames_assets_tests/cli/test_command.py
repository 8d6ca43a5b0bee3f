"""Tests of the babynames command as a process: what it prints, how it ends."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import psutil
import pytest

from babynames_assets.settings import TEST_SUITE_PREFIX
from babynames_assets.variables import PREFIX
from babynames_assets_tests.cli.commands import COMMANDS

CHECKOUT = Path(__file__).parents[2]


class Command:
    """Runs babynames in an environment without settings but its own."""

    def __init__(self, folder: Path) -> None:
        """Keep all state in a folder."""
        self.folder = folder
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(PREFIX) or name.startswith(TEST_SUITE_PREFIX)
        }
        self.environment = {
            **inherited,
            "BABYNAMES_STATE_FOLDER": str(folder / "state"),
            "BABYNAMES_ENV_FILE": str(folder / "test.env"),
            "COLUMNS": "200",
        }

    def popen(self, *arguments: str, **changes: str) -> "subprocess.Popen[str]":
        """Start it, as a user does."""
        return subprocess.Popen(
            [sys.executable, "-m", "babynames_assets.cli", *arguments],
            env={**self.environment, **changes},
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        """Run it to its end."""
        return COMMANDS.run(arguments, {**self.environment, **changes})


@pytest.fixture
def babynames(tmp_path: Path) -> Command:
    """The command, with a state folder of its own."""
    return Command(tmp_path)


def result_of(finished: "subprocess.CompletedProcess[str]") -> dict[str, object]:
    """The last line of the output, which is JSON."""
    assert finished.returncode == 0, finished.stderr
    parsed: dict[str, object] = json.loads(finished.stdout.splitlines()[-1])
    return parsed


SMALL = "Year,Name,Sex,Count\n" + "".join(
    f"{year},{name},F,{births}\n"
    for year in (2001, 2002, 2003)
    for name, births in (("Mary", 9), ("Zoë", 7), ("Zoe", 5))
)


def test_the_demo_runs_the_whole_graph_then_only_what_is_new(babynames: Command, tmp_path: Path) -> None:
    """First everything, then nothing, then the difference of a new release; each time the last line adds up."""
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(SMALL + "2003,Mary,F,9\n2003,=cmd|' /C calc'!A0,F,1\n")
    second.write_text(SMALL.replace("2003,Mary,F,9", "2003,Mary,F,10") + "2003,Anna,F,1\n")

    begun = result_of(babynames("demo", "--dataset", str(first)))
    again = babynames("demo")
    nothing = result_of(again)
    release = result_of(babynames("demo", "--dataset", str(second)))

    assert begun["lines"] == 12
    assert (begun["valid"], begun["duplicates"], begun["rejected"]) == (9, 1, 1)
    assert begun["warehouse_rows"] == begun["contacts_synced"] == begun["contacts_created"] == 9
    assert begun["contacts_pending"] == 0
    assert begun["dead_letters"] == 1
    assert isinstance(begun["seconds"], float)
    assert "Nothing new" in again.stdout
    assert (nothing["years_run"], nothing["rows_inserted"], nothing["contacts_created"]) == (0, 0, 0)
    assert nothing["contacts_synced"] == 9
    assert (release["rows_inserted"], release["rows_updated"], release["rows_deleted"]) == (1, 1, 0)
    assert (release["contacts_created"], release["contacts_updated"], release["dead_letters"]) == (1, 1, 0)


def test_the_demo_takes_a_range_of_years(babynames: Command, tmp_path: Path) -> None:
    """Every line of the file is accounted for, and only the years asked for are loaded and synced."""
    file = tmp_path / "names.csv"
    file.write_text(SMALL)

    result = result_of(babynames("demo", "--dataset", str(file), "--years", "2002-2003"))

    assert result["lines"] == 10
    assert result["warehouse_rows"] == result["contacts_synced"] == 6


def test_the_demo_says_which_years_a_file_has(babynames: Command, tmp_path: Path) -> None:
    """A range outside of the file is a message, not an empty success."""
    file = tmp_path / "names.csv"
    file.write_text(SMALL)

    finished = babynames("demo", "--dataset", str(file), "--years", "1950")

    assert finished.returncode == 1
    assert "it has the years 2001 to 2003" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_the_demo_passes_on_why_a_run_failed(babynames: Command, tmp_path: Path) -> None:
    """The reason that the engine gave is the command's last word."""
    file = tmp_path / "names.csv"
    file.write_text("Name,Sex,Count\nMary,F,8\n")

    finished = babynames("demo", "--dataset", str(file))

    assert finished.returncode == 1
    assert "raw/baby_names_csv failed" in finished.stderr
    assert "BABYNAMES_INGEST__YEAR" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("years", ["20xx", "2005-2001", "all"])
def test_a_range_that_is_none_is_refused_at_once(babynames: Command, years: str) -> None:
    """The message shows what a good one looks like, before anything starts."""
    finished = babynames("demo", "--years", years)

    assert finished.returncode == 1
    assert "YEARS=" in finished.stderr
    assert not (babynames.folder / "state").exists()


def test_a_setting_that_is_wrong_ends_every_command_with_its_name(babynames: Command) -> None:
    """Exit code 1 and the good values, no traceback."""
    finished = babynames("doctor", BABYNAMES_HUBSPOT__TIER="gold")

    assert finished.returncode == 1
    assert "BABYNAMES_HUBSPOT__TIER" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_migrate_goes_up_and_down_and_says_where_it_stands(babynames: Command) -> None:
    """Status is 1 while something is missing, 0 when nothing is."""
    before = babynames("migrate", "status")
    up = babynames("migrate", "up")
    after = babynames("migrate", "status")
    down = babynames("migrate", "down", "--yes")
    below = babynames("migrate", "status")
    history = babynames("migrate", "history")

    assert (before.returncode, up.returncode, after.returncode, down.returncode, below.returncode) == (1, 0, 0, 0, 1)
    assert "Run: babynames migrate up" in before.stdout
    assert "pending" in below.stdout
    assert len(history.stdout.splitlines()) >= 5


def test_migrate_down_asks_first(babynames: Command) -> None:
    """Without an answer nothing is dropped."""
    babynames("migrate", "up")

    asked = babynames("migrate", "down")

    assert asked.returncode == 1
    assert "dropped" in asked.stdout
    assert babynames("migrate", "status").returncode == 0


@pytest.fixture
def emulators(babynames: Command, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """Both emulators as processes, and the settings that point at them."""
    file = tmp_path / "names.csv"
    file.write_text(SMALL)
    kaggle = babynames.popen("emulate", "kaggle", "--publish", str(file), "--stop-with-stdin")
    hubspot = babynames.popen("emulate", "hubspot", "--stop-with-stdin", "--latency", "0")
    assert kaggle.stdout is not None
    assert hubspot.stdout is not None
    yield {
        "BABYNAMES_KAGGLE__BASE_URL": json.loads(kaggle.stdout.readline())["url"],
        "BABYNAMES_HUBSPOT__BASE_URL": json.loads(hubspot.stdout.readline())["url"],
        "BABYNAMES_HUBSPOT__TOKEN": "pat-emulator-only",
    }
    for process in (kaggle, hubspot):
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_the_emulators_end_when_their_starter_does(emulators: Mapping[str, str]) -> None:
    """They answer while they run; the fixture sees them end by the closing of their standard input alone."""
    with urllib.request.urlopen(emulators["BABYNAMES_HUBSPOT__BASE_URL"] + "/_stats") as answer:
        assert json.load(answer)["contacts"] == 0


def test_a_storm_strikes_the_emulated_hubspot(babynames: Command, tmp_path: Path) -> None:
    """The faults of a file are on order from the start, the seed decides where, and the limits are those asked for."""
    storm = tmp_path / "storm.json"
    storm.write_text('[{"kind": "burst", "rate": 0.5}]')
    options = ["--storm", str(storm), "--seed", "3", "--latency", "0-0.001", "--calls-per-window", "0"]
    answers = []
    for _ in range(2):
        hubspot = babynames.popen("emulate", "hubspot", "--stop-with-stdin", "--daily-limit", "0", *options)
        assert hubspot.stdout is not None
        url = json.loads(hubspot.stdout.readline())["url"]
        answers.append([account_status(url) for _ in range(40)])
        hubspot.communicate(timeout=30)

    assert answers[0] == answers[1]
    assert set(answers[0]) == {200, 429}


def account_status(url: str) -> int:
    """What a call of the emulated API is answered with."""
    request = urllib.request.Request(f"{url}/account-info/v3/details")
    request.add_header("Authorization", "Bearer pat-emulator-only")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--latency", "fast", "'fast' is no latency: give seconds, as 0.05, or the least and the most, as 0.1-2."),
        ("--storm", "no-such-file.json", "no-such-file.json"),
        ("--storm", '[{"kind": "rain"}]', "No fault is called 'rain'; there are burst, "),
        ("--storm", '[{"kind": "cut", "rate": 2}]', "0.rate"),
    ],
)
def test_an_option_of_the_emulator_that_cannot_be_is_named(
    babynames: Command, option: str, value: str, message: str
) -> None:
    """One message that names the option and what is wrong with it, and exit code 1."""
    finished = babynames("emulate", "hubspot", option, value)

    assert finished.returncode == 1
    assert finished.stderr.startswith(f"babynames: {option}: ")
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr


def test_doctor_finds_nothing_wrong_where_nothing_is(babynames: Command, emulators: Mapping[str, str]) -> None:
    """Every service answers, the schema is up to date: exit code 0."""
    babynames("migrate", "up")

    finished = babynames("doctor", **emulators)

    assert finished.returncode == 0, finished.stdout
    assert "bad" not in finished.stdout
    assert "version 1" in finished.stdout
    assert "schema up to date" in finished.stdout


def test_doctor_names_every_trouble_and_its_remedy(babynames: Command) -> None:
    """One that is wrong does not hide the next."""
    finished = babynames("doctor", BABYNAMES_KAGGLE__BASE_URL="http://127.0.0.1:9")

    assert finished.returncode == 1
    assert "babynames migrate up" in finished.stdout
    assert "127.0.0.1:9" in finished.stdout


def test_doctor_says_that_a_token_is_missing(babynames: Command) -> None:
    """The message names the variable and the scopes."""
    babynames("migrate", "up")

    finished = babynames("doctor", BABYNAMES_KAGGLE__BASE_URL="http://127.0.0.1:9")

    assert "BABYNAMES_HUBSPOT__TOKEN" in finished.stdout
    assert "crm.objects.contacts.write" in finished.stdout


def test_a_database_that_does_not_answer_is_a_message(babynames: Command) -> None:
    """Host and port stand in it, the password does not."""
    url = "mysql+pymysql://app:pw-canary@127.0.0.1:9/names"

    finished = babynames("migrate", "status", BABYNAMES_WAREHOUSE__URL=url)

    assert finished.returncode == 1
    assert "127.0.0.1:9" in finished.stderr
    assert "pw-canary" not in finished.stderr + finished.stdout
    assert "Traceback" not in finished.stderr


def test_dev_serves_the_ui_and_leaves_no_process_behind(babynames: Command) -> None:
    """The UI answers on its port; SIGTERM ends it, Dagster's processes and the emulators."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = babynames.popen("dev", "--port", str(port))

    assert answers(f"http://127.0.0.1:{port}/server_info", within=90)
    doctor = babynames("doctor", BABYNAMES_NOTIFICATIONS__UI_URL=f"http://127.0.0.1:{port}")
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    process.terminate()
    process.communicate(timeout=60)
    _, alive = psutil.wait_procs(family, timeout=30)

    assert len(family) >= 5
    assert alive == []
    assert f"version {metadata.version('dagster-webserver')} answers at" in doctor.stdout


def answers(url: str, *, within: float) -> bool:
    """Ask again until there is an answer."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except OSError:
            time.sleep(0.2)
    return False

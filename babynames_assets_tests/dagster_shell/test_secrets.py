"""Tests that no secret is left behind by a run, wherever one looks: canaries in every secret, a search of all sinks.

R14 of the contract: zero hits, whichever way the run logs in and whatever goes wrong on the way.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

import pytest
import sqlalchemy as sa

from babynames_assets.emulators.hubspot.tokens import App
from babynames_assets.secret_store import new_key
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.tables import METADATA, sealed_secrets
from babynames_assets_tests.dagster_shell.conftest import YEARLY, Installation
from babynames_assets_tests.hubspot.careless import careless_server
from babynames_assets_tests.hubspot.emulated import TOKEN
from babynames_assets_tests.hubspot.oauth_client import TOKEN_PATH

KAGGLE_TOKEN = "kaggle-canary-4711"
NEXT_TOKEN = "pat-next-canary-77aa"
APP = App()
Trouble = Callable[[Installation], None]


def leftovers(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder: databases, logs, frames."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(engine: Engine) -> bytes:
    """Every row of every table of the warehouse."""
    with engine.connect() as connection:
        tables = {table.name: connection.execute(sa.select(table)).all() for table in METADATA.sorted_tables}
    return repr(tables).encode()


@dataclass
class Search:
    """Runs with canaries in every secret, and looks for them afterwards."""

    installation: Installation
    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture
    secrets: set[str] = field(default_factory=set)

    def configure(self, **values: str) -> None:
        """Set secret settings, which must not show from now on; an empty one is taken away."""
        for name, value in values.items():
            self.monkeypatch.setenv(f"BABYNAMES_{name}", value)
            self.secrets |= {value} - {""}

    def log_in_by_token(self) -> None:
        """With two tokens, of which HubSpot takes one."""
        self.configure(HUBSPOT__TOKEN=TOKEN, HUBSPOT__TOKEN_NEXT=NEXT_TOKEN)

    def log_in_by_oauth(self) -> None:
        """With the app that the emulated account has installed."""
        self.configure(HUBSPOT__TOKEN="", SECRET_KEY=new_key())
        self.configure(HUBSPOT__OAUTH_CLIENT_SECRET=APP.client_secret, HUBSPOT__OAUTH_REFRESH_TOKEN=APP.refresh_token)
        self.monkeypatch.setenv("BABYNAMES_HUBSPOT__OAUTH_CLIENT_ID", APP.client_id)

    def run(self, trouble: Trouble = lambda _installation: None) -> bool:
        """Load and sync three years at the most talkative log level; whether it succeeded."""
        self.caplog.set_level(logging.DEBUG)
        self.monkeypatch.setenv("BABYNAMES_LOG_LEVEL", "debug")
        self.configure(KAGGLE__TOKEN=KAGGLE_TOKEN)
        self.installation.release()
        self.installation.run("raw/baby_names_csv")
        trouble(self.installation)
        result = self.installation.run(*YEARLY, years=(2001, 2003), raise_on_error=False)
        return result.success

    def hits(self) -> list[str]:
        """Where a secret of the settings, or one that HubSpot gave, is to be read."""
        printed = self.capfd.readouterr()
        sinks = {
            **leftovers(self.installation.folder),
            Path("stdout"): printed.out.encode(),
            Path("stderr"): printed.err.encode(),
            Path("log"): self.caplog.text.encode(),
            Path("rows"): rows_of(self.installation.engine),
        }
        assert len(sinks) > 10
        assert b"RUN_START" in sinks[Path("stderr")]
        secrets = self.secrets | set(self.installation.hubspot.tokens())
        return [str(sink) for sink, content in sinks.items() if any(secret.encode() in content for secret in secrets)]


@pytest.fixture
def search(
    sqlite_installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Search:
    """A search on SQLite, whose file is searched byte by byte too."""
    return Search(sqlite_installation, monkeypatch, capfd, caplog)


@pytest.fixture
def search_everywhere(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Search:
    """A search on SQLite, MySQL and MariaDB in turn."""
    return Search(installation, monkeypatch, capfd, caplog)


LOGINS = pytest.mark.parametrize("login", [Search.log_in_by_token, Search.log_in_by_oauth], ids=["tokens", "oauth"])


@LOGINS
def test_a_run_that_succeeds_leaves_no_secret_behind(
    search_everywhere: Search, login: Callable[[Search], None]
) -> None:
    """Not in Dagster's database, not in ours, not in a file, not in what is printed or logged."""
    login(search_everywhere)

    assert search_everywhere.run()

    assert search_everywhere.hits() == []


def ordered(*, fails: bool, **fault: object) -> tuple[Trouble, bool]:
    """A fault of the emulated HubSpot, and whether the run ends by it."""
    return lambda installation: installation.hubspot.order(**fault), fails


def changed(*, fails: bool, **order: object) -> tuple[Trouble, bool]:
    """A change of the tokens, and whether the run ends by it."""
    return lambda installation: installation.hubspot.change_tokens(**order), fails


TROUBLES: dict[str, tuple[Trouble, bool]] = {
    "every call refused": ordered(kind="unauthorized", times=100, fails=True),
    "a scope missing": ordered(kind="missing_scopes", path="/upsert", times=100, fails=True),
    "too many calls": ordered(kind="burst", path="/upsert", times=2, retry_after="0", fails=False),
    "a conflict": ordered(kind="conflict", path="/upsert", times=3, fails=False),
    "an outage": ordered(kind="status", status=503, path="/upsert", times=1000, retry_after="0", fails=True),
    "a cut connection": ordered(kind="cut", path="/upsert", times=1, fails=False),
    "a page for JSON": ordered(kind="page", path="/upsert", times=1, fails=False),
    "silence": ordered(kind="drop", path="/upsert", times=1, count=100, fails=False),
}
OAUTH_TROUBLES: dict[str, tuple[Trouble, bool]] = {
    "no token for now": ordered(kind="burst", path=TOKEN_PATH, times=2, retry_after="0", fails=False),
    "no token at all": ordered(kind="status", status=500, path=TOKEN_PATH, times=1000, retry_after="0", fails=True),
    "the app removed": changed(revoke=[APP.refresh_token], fails=True),
}


@LOGINS
def test_a_run_on_a_day_that_is_spent_leaves_no_secret_behind(search: Search, login: Callable[[Search], None]) -> None:
    """However the run ends then."""
    login(search)

    search.run(lambda installation: installation.hubspot.order(kind="daily", path="/upsert", times=100))

    assert search.hits() == []


@pytest.mark.parametrize(("trouble", "fails"), TROUBLES.values(), ids=TROUBLES.keys())
@LOGINS
def test_a_run_in_trouble_leaves_no_secret_behind(
    search: Search, login: Callable[[Search], None], trouble: Trouble, fails: bool
) -> None:
    """Whatever HubSpot answers: the errors, their tracebacks and the dead letters hold none either."""
    login(search)

    assert search.run(trouble) is not fails

    assert search.hits() == []


@pytest.mark.parametrize(("trouble", "fails"), OAUTH_TROUBLES.values(), ids=OAUTH_TROUBLES.keys())
def test_a_run_whose_tokens_are_in_trouble_leaves_no_secret_behind(
    search: Search, trouble: Trouble, fails: bool
) -> None:
    """Also where the trouble is about the secrets themselves."""
    search.log_in_by_oauth()

    assert search.run(trouble) is not fails

    assert search.hits() == []


def test_tokens_that_end_in_the_middle_of_a_run_show_nowhere(search: Search) -> None:
    """Neither the old ones nor those that took their place."""
    search.log_in_by_oauth()

    def end_them(installation: Installation) -> None:
        installation.run(*YEARLY, years=(2001, 2001))
        installation.hubspot.change_tokens(expire=True)

    assert search.run(end_them)

    assert len([token for token in search.installation.hubspot.tokens() if token.startswith("oauth-")]) == 2
    assert search.hits() == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
@LOGINS
def test_a_proxy_that_repeats_what_it_is_sent_betrays_no_secret(
    search: Search, login: Callable[[Search], None], status: int
) -> None:
    """In JSON as in a page: what it repeats is hidden, or not quoted at all."""
    login(search)
    repeated = '{"message": "You sent {}", "category": "{}", "status": "{}", "errors": [{"message": "{}"}]}'
    with careless_server() as proxy:
        proxy.status, proxy.template, proxy.headers = status, repeated, {"Retry-After": "0"}
        search.monkeypatch.setenv("BABYNAMES_HUBSPOT__BASE_URL", proxy.url)

        assert not search.run()

        assert search.secrets & {part for sent, headers in proxy.seen for part in words(sent, headers)}
    assert search.hits() == []


def words(sent: str, headers: Message) -> Iterator[str]:
    """What a request is made of."""
    yield from sent.replace("=", "&").split("&")
    yield from str(headers.get("authorization", "")).split()


@pytest.mark.parametrize(
    "settings",
    [
        {"HUBSPOT__TOKEN": "pat-canary-with-a-line-end\n"},
        {"HUBSPOT__OAUTH_REFRESH_TOKEN": "canary-beside-a-token"},
        {"HUBSPOT__TOKEN": "", "HUBSPOT__OAUTH_CLIENT_SECRET": "canary-alone"},
        {"WAREHOUSE__URL": "mysql+pymysql://app:pw-canary@127.0.0.1:9/names"},
        {"WAREHOUSE__URL": "pw-canary-that-is-no-url"},
    ],
    ids=", ".join,
)
def test_settings_that_cannot_be_used_do_not_show(search: Search, settings: dict[str, str]) -> None:
    """The run ends with an error that names the variable and not the value."""
    search.configure(**{name: value.strip() for name, value in settings.items()})

    def spoil(_installation: Installation) -> None:
        for name, value in settings.items():
            search.monkeypatch.setenv(f"BABYNAMES_{name}", value)

    assert not search.run(spoil)

    assert search.hits() == []


def test_the_search_for_secrets_would_find_one(search: Search) -> None:
    """A negative control: a token in a file, in a row, in a log line, on the screen."""
    search.log_in_by_oauth()
    assert search.run()
    given = next(token for token in search.installation.hubspot.tokens() if token.startswith("oauth-"))
    (search.installation.folder / "careless.txt").write_text(f"token={given}")
    logging.getLogger("careless").warning("logging in with %s", APP.refresh_token)
    with search.installation.engine.begin() as connection:
        connection.execute(sealed_secrets.insert().values(name=KAGGLE_TOKEN, version=1))

    found = search.hits()

    assert {Path(sink).name for sink in found} >= {"careless.txt", "stderr", "rows"}

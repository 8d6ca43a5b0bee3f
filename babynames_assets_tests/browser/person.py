"""What a person does in Dagster's UI, with the words that stand on the screen."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Locator, Page, Route, expect, sync_playwright

from babynames_assets_tests.browser.chromium import Chromium

_PATIENCE = 120_000.0
"""Milliseconds for whatever the person waits for: a run takes seconds, but two cores may be busy."""
_WIDTH, _HEIGHT = 1440, 900
_STANDS_STILL = [
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@dataclass
class Person:
    """Somebody in front of a browser.

    Attributes:
        page: what is seen.
        address: of Dagster's UI.
        pictures: the folder for what is photographed.
        sent_away: requests to other places than this machine; none of them left.
    """

    page: Page
    address: str
    pictures: Path
    sent_away: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page of the UI."""
        self.page.goto(f"{self.address}/{path}")

    def press(self, words: str) -> None:
        """Press a button by the last words on it; an icon's name may stand before them."""
        self.page.get_by_role("button", name=re.compile(rf"{re.escape(words)}$")).first.click()

    def go_to(self, words: str) -> None:
        """Follow a link or a tab by the words on it."""
        self.page.get_by_text(words, exact=True).locator("visible=true").first.click()

    def choose_years(self, typed: str) -> None:
        """In the dialog of a launch: filter the partitions by what is typed, and take all that are left."""
        self.page.get_by_text("Select a partition or create one").click()
        self.page.get_by_placeholder("Filter partitions").fill(typed)
        self.page.get_by_role("menuitem", name=re.compile("^Select all")).click()
        self.page.keyboard.press("Escape")

    def launch(self) -> None:
        """Confirm the dialog of a launch."""
        self.page.get_by_role("button", name=re.compile("^Launch ")).click()

    def follow(self) -> None:
        """Click View in the message that something was launched."""
        self.page.get_by_role("region", name=re.compile("Notifications")).get_by_role("link", name="View").click()

    def see(self, words: str | re.Pattern[str], *, times: int = 1) -> None:
        """Wait until words are on the screen, at least so many times."""
        found = self.page.get_by_text(words, exact=True).locator("visible=true")
        expect(found.nth(times - 1)).to_be_visible()

    def see_number(self, name: str, value: int) -> None:
        """Load the page anew until a value of the table of metadata is so."""
        deadline = time.monotonic() + _PATIENCE / 1000
        while self.number(name) != str(value):
            assert time.monotonic() < deadline, f"{name} is {self.number(name)}, not {value}"
            self.page.reload()

    def see_a_plot(self) -> None:
        """Wait until a plot is drawn."""
        expect(self.page.locator("canvas").first).to_be_visible()

    def read_check(self, asset: str, check: str) -> None:
        """Open the page of a check."""
        self.open(f"assets/{asset}?view=checks&checkDetail={check}")

    def number(self, name: str) -> str:
        """A value of the table of metadata."""
        row = self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=name, exact=True)).first
        return row.get_by_role("cell").nth(1).inner_text().strip()

    def read_table(self, name: str) -> Locator:
        """Open a table that the metadata holds as Markdown, and return the dialog that shows it."""
        row = self.page.get_by_role("row").filter(has=self.page.get_by_role("cell", name=name, exact=True)).first
        row.get_by_text("[Show Markdown]").click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog.get_by_role("table")).to_be_visible()
        return dialog

    @contextmanager
    def at_a_screen(self, width: int, height: int) -> Iterator[None]:
        """Look at a screen of another size for a while."""
        self.page.set_viewport_size({"width": width, "height": height})
        yield
        self.page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})

    def photograph(self, name: str) -> None:
        """Keep what is on the screen as a picture."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.pictures / f"{name}.png", animations="disabled")


@contextmanager
def person_at(address: str, chromium: Chromium, pictures: Path) -> Iterator[Person]:
    """Open a browser that reaches this machine alone, and close it afterwards.

    Args:
        address: of Dagster's UI.
        chromium: the browser.
        pictures: the folder for pictures.
    """
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.program, env={**os.environ, **chromium.environment}, args=_STANDS_STILL
        )
        context = browser.new_context(
            viewport={"width": _WIDTH, "height": _HEIGHT}, service_workers="block", timezone_id="UTC", locale="en-US"
        )
        context.set_default_timeout(_PATIENCE)
        person = Person(context.new_page(), address, pictures)
        _keep_inside(context, person.sent_away)
        yield person
        browser.close()


def _keep_inside(context: BrowserContext, sent_away: list[str]) -> None:
    def decide(route: Route) -> None:
        if urlsplit(route.request.url).hostname in ("127.0.0.1", None):
            route.continue_()
        else:
            sent_away.append(route.request.url)
            route.abort()

    context.route("**/*", decide)

"""The first day with Dagster's UI, by a person who presses its buttons; the README's pictures are made on the way."""

import re
from collections import Counter

import pytest

from babynames_assets.emulators.dataset import Generated
from babynames_assets_tests.browser.conftest import ALERT_ABOVE
from babynames_assets_tests.browser.installation import Installation
from babynames_assets_tests.browser.person import Person

YEARLY = ("validated", "warehouse", "hubspot")
SELECTION = " or ".join(f'group:"{group}"' for group in YEARLY)
"""The assets that have a partition a year, as the search field of the graph takes them."""

CONTACTS = "hubspot/contacts"
DEAD_LETTERS = "open_dead_letters_are_below_the_threshold"
REFUSED = "^201[0-9]-[FM]-(Mary|John|Anna|William)$"
"""The contacts that HubSpot refuses on purpose: enough to be an alert together with the lines that were rejected."""


@pytest.mark.timeout(900)  # with the first download of the browser, and the start of everything
def test_a_person_loads_years_and_reads_why_contacts_were_refused(
    person: Person, installation: Installation, release: tuple[object, Generated]
) -> None:
    """One year, then ten; checks pass, one fails and names HubSpot's reason, and passes again; nothing goes out."""
    _acquire(person)
    _load_one_year(person, installation)
    _see_the_checks_pass(person)
    _load_ten_years_of_which_hubspot_refuses_some(person, installation)
    _read_why(person, installation, release[1])
    _sync_by_hand(person, installation)
    _have_them_sent_again(person, installation, release[1])
    _look_around(person)

    assert person.sent_away == []


def _acquire(person: Person) -> None:
    person.open("assets/raw/baby_names_csv")
    person.press("Materialize")
    person.follow()
    person.see("Success")


def _load_one_year(person: Person, installation: Installation) -> None:
    person.open(f"asset-groups~({SELECTION})")
    person.press("Materialize all…")
    person.choose_years("2020")
    person.launch()
    person.follow()
    person.see("Success")

    person.open(f"assets/{CONTACTS}?view=partitions&partition=2020")
    person.see("synced")
    assert int(person.number("synced")) == _contacts(installation)["2020"] > 0
    assert person.number("pending") == person.number("dead_letters") == "0"


def _see_the_checks_pass(person: Person) -> None:
    for check in ("hubspot_holds_what_the_warehouse_says", DEAD_LETTERS):
        person.read_check(CONTACTS, check)
        person.see("Passed")


def _load_ten_years_of_which_hubspot_refuses_some(person: Person, installation: Installation) -> None:
    installation.hubspot.order(kind="refuse", path="/batch/upsert", matches=REFUSED, times=10_000)
    person.open(f"asset-groups~({SELECTION})")
    person.press("Materialize all…")
    person.choose_years("201")
    person.launch()
    person.follow()
    person.see("100% completed", times=len(YEARLY))
    assert _contacts(installation).keys() == {"2020", *(str(year) for year in range(2010, 2020))}


def _read_why(person: Person, installation: Installation, truth: Generated) -> None:
    person.read_check(CONTACTS, DEAD_LETTERS)
    person.see("Failed")
    refused = int(person.number("contacts"))
    assert not [key for key in installation.hubspot.births() if re.match(REFUSED, key)]
    assert int(person.number("open")) == refused + truth.rejected > ALERT_ABOVE

    reasons = person.read_table("reasons")
    worst = reasons.get_by_role("row").nth(1).inner_text()
    assert str(refused) in worst
    assert "contacts" in worst
    assert "VALIDATION_ERROR" in worst
    person.photograph("why-contacts-were-refused")


def _sync_by_hand(person: Person, installation: Installation) -> None:
    """A row that HubSpot already has is not sent again, also when a person asks for the sync."""
    installation.hubspot.end_faults()
    before = installation.hubspot.upserts()
    person.open(f"assets/{CONTACTS}")
    person.press("Materialize…")
    person.choose_years("2020")
    person.launch()
    person.follow()
    person.see("Success")

    person.open(f"assets/{CONTACTS}?view=partitions&partition=2020")
    person.see("synced")
    assert person.number("created") == person.number("updated") == "0"
    assert installation.hubspot.upserts() == before


def _have_them_sent_again(person: Person, installation: Installation, truth: Generated) -> None:
    """The account takes them now: a person says so at a terminal, starts the job, and the check is green again."""
    assert "Due now: " in installation.type("dead-letters", "retry", "--service", "sync")
    person.open("jobs")
    person.go_to("redrive_dead_letters_job")
    person.go_to("Launchpad")
    person.press("Launch Run")
    person.see("Success")

    person.read_check(CONTACTS, DEAD_LETTERS)
    person.see_number("open", truth.rejected)
    assert [key for key in installation.hubspot.births() if re.match(REFUSED, key)]


def _look_around(person: Person) -> None:
    with person.at_a_screen(2050, 560):  # on a narrow one the graph shows names alone
        person.open(f"assets/{CONTACTS}?view=lineage&lineageScope=upstream&lineageDepth=5")
        person.see("100% filled", times=len(YEARLY))
        person.photograph("asset-graph")
    with person.at_a_screen(1440, 700):
        person.open(f"assets/{CONTACTS}?view=checks")
        person.see("Target materialization")
        person.photograph("checks")
    with person.at_a_screen(1440, 1500):
        person.open("assets/warehouse/baby_names")
        person.see(re.compile("From births of validated/baby_names"))
        person.press("Plots")
        person.see_a_plot()
        person.photograph("plots")


def _contacts(installation: Installation) -> Counter[str]:
    """How many contacts HubSpot has of each year."""
    return Counter(key[:4] for key in installation.hubspot.births())

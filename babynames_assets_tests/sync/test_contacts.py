"""Tests of a row as a contact."""

from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.sync.contacts import as_contact, contact_key, row_of_key
from babynames_assets.warehouse.sync_state import ChangedContact

rows = st.builds(
    ChangedContact,
    year=st.integers(1880, 2100),
    sex=st.sampled_from("FM"),
    name=st.text(st.characters(categories=["L"], include_characters="-' ."), min_size=1),
    births=st.integers(1, 2**31 - 1),
    fingerprint=st.just(""),
)


def test_a_row_becomes_a_contact_of_texts() -> None:
    """All that HubSpot gets is text, and the key says whose contact it is."""
    contact = as_contact(ChangedContact(1984, "F", "Mary", 9291, ""), 9291)

    assert contact.key == "1984-F-Mary"
    assert contact.properties == {"firstname": "Mary", "gender": "F", "birth_year": "1984", "births": "9291"}


def test_a_contact_has_no_e_mail_address() -> None:
    """A name of a year is no person; an invented address could reach one."""
    assert "email" not in as_contact(ChangedContact(1984, "F", "Mary", 1, ""), 1).properties


@given(rows, rows)
def test_two_rows_share_a_key_only_if_they_are_the_same_row(one: ChangedContact, other: ChangedContact) -> None:
    """The key is as telling as (year, sex, name), whatever hyphens a name has."""
    same = (one.year, one.sex, one.name) == (other.year, other.sex, other.name)

    assert (contact_key(one) == contact_key(other)) == same


@given(rows)
def test_a_key_tells_its_row(row: ChangedContact) -> None:
    """Year, sex and name come back out of it, hyphens of the name included."""
    assert row_of_key(contact_key(row)) == (row.year, row.sex, row.name)


@given(st.one_of(st.text(), st.sampled_from(["1984-F-", "x-F-Mary", "²-F-Mary", "1984-X-Mary", "0-F-M", "99999-F-M"])))
def test_a_key_of_no_row_tells_nothing(key: str) -> None:
    """Whatever somebody wrote into the table of letters."""
    assert row_of_key(key) is None

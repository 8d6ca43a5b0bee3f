"""Which property values the emulated HubSpot takes, and its words for the others."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.emulators.hubspot.definitions import BUILT_IN, complete
from babynames_assets.emulators.hubspot.validation import INVALID_VALUES, message_of, normalize, problems
from babynames_assets.hubspot.reasons import reason_of

DEFINITIONS = {**BUILT_IN, "births": complete({"name": "births", "type": "number", "fieldType": "number"})}


@pytest.mark.parametrize(
    ("name", "given_", "kept"),
    [
        ("email", " Mary@Example.COM ", "mary@example.com"),
        ("firstname", " Mary ", " Mary "),
        ("births", 7, "7"),
        ("births", 7.5, "7.5"),
        ("agreed", True, "true"),
        ("agreed", False, "false"),
        ("phone", None, ""),
    ],
)
def test_a_value_is_kept_as_text(name: str, given_: Any, kept: str) -> None:
    """Every value becomes text; addresses lose blanks and capitals, names keep both."""
    assert normalize(name, given_) == kept


@given(births=st.integers())
def test_every_whole_number_is_a_number(births: int) -> None:
    """Whole numbers of any size and sign are valid."""
    assert problems({"births": str(births)}, DEFINITIONS) == []


@pytest.mark.parametrize("text", ["1,000", "1.000.000", "1 000", "0x10", "١٢", "NaN", "inf", "--1", "1.", "+1", "\n1"])
def test_a_number_that_people_write_otherwise_is_refused(text: str) -> None:
    """Separators, other digits and words are no numbers to HubSpot."""
    [problem] = problems({"births": text}, DEFINITIONS) or [{}]

    assert problem.get("error") == "INVALID_INTEGER"


@pytest.mark.parametrize("address", ["mary@example.com", "m.a+r-y@sub.example.co"])
def test_an_address_is_taken(address: str) -> None:
    """An address with a name, a host and a top-level domain is valid."""
    assert problems({"email": address}, DEFINITIONS) == []


@pytest.mark.parametrize("address", ["mary", "mary@", "@example.com", "mary@example", "a b@c.de", "a@b@c.de"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """Each refusal repeats the address."""
    [problem] = problems({"email": address}, DEFINITIONS)

    assert problem["message"] == f"Email address {address} is invalid"


def test_an_empty_value_is_always_valid() -> None:
    """Clearing a property is no error, whatever its type."""
    assert problems({"births": "", "email": "", "lifecyclestage": ""}, DEFINITIONS) == []


def test_every_wrong_value_is_told() -> None:
    """Several wrong values of one contact are one message with an entry each."""
    found = problems({"births": "x", "missing": "y", "hs_object_id": "1", "firstname": "Mary"}, DEFINITIONS)

    assert [problem["name"] for problem in found] == ["births", "missing", "hs_object_id"]
    assert json.loads(message_of(found).removeprefix(INVALID_VALUES)) == found


@given(value=st.text(min_size=1))
def test_the_client_reads_what_the_emulator_says(value: str) -> None:
    """Whatever stands in a wrong value, the client makes one line of it that names the property and the code."""
    found = problems({"missing": value}, DEFINITIONS)

    assert reason_of({"message": message_of(found)}) == (
        'missing: Property "missing" does not exist (PROPERTY_DOESNT_EXIST)'
    )


@given(value=st.text(min_size=1).filter(lambda text: not text.isdecimal()))
def test_a_strange_number_never_hides_its_property(value: str) -> None:
    """However strange the value, the reason begins with the property; a value that is a number after all has none."""
    found = problems({"births": value}, DEFINITIONS)

    assert not found or reason_of({"message": message_of(found)}).startswith("births: ")

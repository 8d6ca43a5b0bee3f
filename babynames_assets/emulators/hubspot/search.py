"""Search: filters on properties, in groups of which one has to match; texts without regard to case."""

import operator
from collections.abc import Callable
from typing import Any

from babynames_assets.emulators.hubspot import rendering
from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.definitions import CREATED, MODIFIED, OBJECT_ID
from babynames_assets.emulators.hubspot.records import Contact
from babynames_assets.emulators.hubspot.replies import Reply, invalid
from babynames_assets.emulators.hubspot.shapes import objects_of, text_of, texts_of

MAX_PAGE, MAX_RESULTS, MAX_GROUPS, MAX_FILTERS = 200, 10_000, 5, 6

Value = str | float | None
Condition = Callable[[Contact], bool]
Test = Callable[[Value], bool]

_SYSTEM: dict[str, Callable[[Contact], float]] = {
    OBJECT_ID: lambda contact: contact.id,
    CREATED: lambda contact: contact.created_at * 1000,
    MODIFIED: lambda contact: contact.updated_at * 1000,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": operator.eq,
    "LT": operator.lt,
    "LTE": operator.le,
    "GT": operator.gt,
    "GTE": operator.ge,
}


def search(call: Call) -> Reply:
    """POST search: a page of what matches, and how many there are."""
    body = call.body
    limit, after = _number(body, "limit", 10), _number(body, "after", 0)
    if not 0 <= limit <= MAX_PAGE:
        raise invalid(f"The limit of a search is {MAX_PAGE}, not {limit}")
    if after + limit > MAX_RESULTS:
        raise invalid(f"A search gives at most {MAX_RESULTS} results; split it into smaller ones")
    condition = _condition(call, body)
    found = [contact for contact in call.store.searchable() if condition(contact)]
    names = texts_of(body, "properties")
    answer: dict[str, Any] = {
        "total": len(found),
        "results": [rendering.shown(contact, names, call.host) for contact in found[after : after + limit]],
    }
    if after + limit < len(found):
        answer["paging"] = {"next": {"after": str(after + limit), "link": f"?after={after + limit}"}}
    return Reply(200, answer)


def _number(body: dict[str, Any], name: str, default: int) -> int:
    given = str(body.get(name) or default)
    if not given.isdecimal():
        raise invalid(f"{name} must be a number, not {given}")
    return int(given)


def _condition(call: Call, body: dict[str, Any]) -> Condition:
    groups = [objects_of(group, "filters") for group in objects_of(body, "filterGroups")]
    if len(groups) > MAX_GROUPS or any(len(filters) > MAX_FILTERS for filters in groups):
        raise invalid(f"A search takes at most {MAX_GROUPS} groups of at most {MAX_FILTERS} filters")
    alternatives = [[_filter(call, one) for one in filters] for filters in groups] or [[]]
    query = str(body.get("query") or "").lower()

    def matches(contact: Contact) -> bool:
        if query and not any(query in value.lower() for value in contact.properties.values()):
            return False
        return any(all(one(contact) for one in filters) for filters in alternatives)

    return matches


def _filter(call: Call, one: dict[str, Any]) -> Condition:
    name = text_of(one, "propertyName")
    definition = call.store.definitions.get(name)
    if definition is None:
        raise invalid(f"There was a problem with the request. Property {name} does not exist.")
    is_number = definition["type"] in ("number", "datetime", "date")
    value_of = _SYSTEM.get(name) or (_number_of(name) if is_number else _text_of(name))
    test = _test(text_of(one, "operator"), one, is_number=is_number)
    return lambda contact: test(value_of(contact))


def _test(name: str, one: dict[str, Any], *, is_number: bool) -> Test:
    """What a filter asks of a value, which is None where the contact has none."""
    if name in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda value: (value is not None) is (name == "HAS_PROPERTY")
    if name in ("IN", "NOT_IN"):
        allowed = {_comparable(given, is_number=is_number) for given in _values(one)}
        return lambda value: value is not None and (value in allowed) is (name == "IN")
    if name in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        token = str(one.get("value", "")).strip("*").lower()
        return lambda value: value is not None and (token in str(value)) is (name == "CONTAINS_TOKEN")
    given = _comparable(one.get("value"), is_number=is_number)
    if name == "NEQ":
        return lambda value: value != given
    if name == "BETWEEN":
        highest = _comparable(one.get("highValue"), is_number=is_number)
        return lambda value: value is not None and given <= value <= highest
    if name not in _COMPARISONS:
        raise invalid(f"Invalid operator {name}")
    compare = _COMPARISONS[name]
    return lambda value: value is not None and compare(value, given)


def _values(one: dict[str, Any]) -> list[object]:
    values = one.get("values") or []
    if not isinstance(values, list):
        raise invalid("values must be a list")
    return values


def _text_of(name: str) -> Callable[[Contact], str | None]:
    def value_of(contact: Contact) -> str | None:
        value = contact.properties.get(name)
        return None if value is None else value.lower()

    return value_of


def _number_of(name: str) -> Callable[[Contact], float | None]:
    def value_of(contact: Contact) -> float | None:
        try:
            return float(contact.properties.get(name, ""))
        except ValueError:
            return None

    return value_of


def _comparable(value: object, *, is_number: bool) -> Any:
    if not is_number:
        return str(value).lower()
    try:
        return float(str(value))
    except ValueError:
        raise invalid(f"{value} was not a valid number.") from None

"""Search: filters on properties, in groups of which one has to match."""

from typing import Any

from babynames_assets.emulators.hubspot import rendering
from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.definitions import CREATED, MODIFIED, OBJECT_ID
from babynames_assets.emulators.hubspot.replies import Reply, invalid
from babynames_assets.emulators.hubspot.shapes import objects_of, text_of, texts_of

MAX_PAGE, MAX_RESULTS, MAX_GROUPS, MAX_FILTERS = 200, 10_000, 5, 6

_COLUMNS = {OBJECT_ID: "id", CREATED: "created_at * 1000", MODIFIED: "updated_at * 1000"}
_COMPARISONS = {"EQ": "=", "NEQ": "IS NOT", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


def search(call: Call) -> Reply:
    """POST search: a page of what matches, and how many there are."""
    body = call.body
    limit, after = _number(body, "limit", 10), _number(body, "after", 0)
    if not 0 <= limit <= MAX_PAGE:
        raise invalid(f"The limit of a search is {MAX_PAGE}, not {limit}")
    if after + limit > MAX_RESULTS:
        raise invalid(f"A search gives at most {MAX_RESULTS} results; split it into smaller ones")
    condition, arguments = _condition(call, body)
    total, found = call.store.select(condition, arguments, limit=limit, offset=after)
    names = texts_of(body, "properties")
    answer: dict[str, Any] = {
        "total": total,
        "results": [rendering.shown(contact, names, call.host) for contact in found],
    }
    if after + limit < total:
        answer["paging"] = {"next": {"after": str(after + limit), "link": f"?after={after + limit}"}}
    return Reply(200, answer)


def _number(body: dict[str, Any], name: str, default: int) -> int:
    given = str(body.get(name) or default)
    if not given.isdecimal():
        raise invalid(f"{name} must be a number, not {given}")
    return int(given)


def _condition(call: Call, body: dict[str, Any]) -> tuple[str, list[object]]:
    groups = [objects_of(group, "filters") for group in objects_of(body, "filterGroups")]
    if len(groups) > MAX_GROUPS or any(len(filters) > MAX_FILTERS for filters in groups):
        raise invalid(f"A search takes at most {MAX_GROUPS} groups of at most {MAX_FILTERS} filters")
    arguments: list[object] = []
    alternatives = [" AND ".join(_filter(call, one, arguments) for one in filters) or "1" for filters in groups]
    condition = " OR ".join(f"({one})" for one in alternatives) or "1"
    if query := str(body.get("query") or ""):
        condition = f"({condition}) AND instr(lower(properties), ?)"
        arguments.append(query.lower())
    return condition, arguments


def _filter(call: Call, one: dict[str, Any], arguments: list[object]) -> str:
    """A filter as SQL. Its words come from this module; property names and values are bound as arguments."""
    name, operator = text_of(one, "propertyName"), text_of(one, "operator")
    definition = call.store.definitions.get(name)
    if definition is None:
        raise invalid(f"There was a problem with the request. Property {name} does not exist.")
    is_number = definition["type"] in ("number", "datetime", "date")
    column = _column(name, arguments)
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return f"{column} IS {'NOT ' if operator == 'HAS_PROPERTY' else ''}NULL"
    if operator in ("IN", "NOT_IN"):
        values = [_comparable(value, is_number=is_number) for value in _values(one)]
        arguments.extend(values)
        return f"{_folded(column, is_number=is_number)} {operator.replace('_', ' ')} ({','.join('?' * len(values))})"
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        arguments.append(str(one.get("value", "")).strip("*").lower())
        return f"instr(lower({column}), ?) {'>' if operator == 'CONTAINS_TOKEN' else '='} 0"
    arguments.append(_comparable(one.get("value"), is_number=is_number))
    if operator == "BETWEEN":
        arguments.append(_comparable(one.get("highValue"), is_number=is_number))
        return f"{_folded(column, is_number=is_number)} BETWEEN ? AND ?"
    if operator not in _COMPARISONS:
        raise invalid(f"Invalid operator {operator}")
    return f"{_folded(column, is_number=is_number)} {_COMPARISONS[operator]} ?"


def _values(one: dict[str, Any]) -> list[object]:
    values = one.get("values") or []
    if not isinstance(values, list):
        raise invalid("values must be a list")
    return values


def _column(name: str, arguments: list[object]) -> str:
    if name in _COLUMNS:
        return _COLUMNS[name]
    arguments.append(f'$."{name}"')
    return "json_extract(properties, ?)"


def _folded(column: str, *, is_number: bool) -> str:
    return f"CAST({column} AS REAL)" if is_number else f"lower({column})"


def _comparable(value: object, *, is_number: bool) -> object:
    if not is_number:
        return str(value).lower()
    try:
        return float(str(value))
    except ValueError:
        raise invalid(f"{value} was not a valid number.") from None

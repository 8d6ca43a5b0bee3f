"""A message as text for people: a line that says it all, and the few lines below it."""

from babynames_assets.notifications.news import Message

_STATES = {"opened": "", "reminded": "Still: ", "resolved": "Resolved: ", "test": "Test: "}


def headline(message: Message) -> str:
    """What happened, in one line without line ends."""
    years = f" ({message.years})" if message.years else ""
    return " ".join(f"{_STATES[message.event]}{message.title}{years}".split())


def facts(message: Message) -> list[tuple[str, str]]:
    """What a message tells, each with its name; what it does not know is left out."""
    times = f", {message.times_seen:,} times" if message.times_seen > 1 else ""
    rows = [
        ("Where", message.where),
        ("Years", message.years),
        ("Why", message.why),
        ("What to do", "" if message.event == "resolved" else message.what_to_do),
        ("Since", f"{message.opened_at}{times}" if message.kind != "completion" else ""),
        ("Run", message.link or message.run_id or ""),
        ("Installation", message.environment),
    ]
    return [(name, " ".join(text.split())) for name, text in rows if text]


def plain(message: Message) -> str:
    """The whole message as plain text."""
    return "\n".join([headline(message), "", *(f"{name}: {text}" for name, text in facts(message)), ""])

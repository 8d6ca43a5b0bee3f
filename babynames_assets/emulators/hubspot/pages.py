"""The page that a person opens: the account's contacts as a table."""

from html import escape

from babynames_assets.emulators.hubspot.records import Contact
from babynames_assets.emulators.hubspot.store import Store

PAGE_SIZE = 100

_STYLE = "body{font-family:sans-serif;margin:2em}td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ddd}"


def contact_list(store: Store, *, after: int) -> str:
    """A page of contacts, those with greater ids than ``after``."""
    found = store.page(after=after, limit=PAGE_SIZE + 1)
    contacts = found[:PAGE_SIZE]
    names = sorted({name for contact in contacts for name in contact.properties})
    heads = "".join(f"<th>{escape(name)}</th>" for name in ("id", *names))
    rows = "".join(_row(contact, names) for contact in contacts)
    following = f'<p><a href="?after={contacts[-1].id}">Next page</a></p>' if len(found) > PAGE_SIZE else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Contacts</title>'
        f"<style>{_STYLE}</style></head>"
        f"<body><h1>Contacts</h1><p>{store.count():,} contacts in this emulated account</p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{following}</body></html>"
    )


def _row(contact: Contact, names: list[str]) -> str:
    cells = "".join(f"<td>{escape(contact.properties.get(name, ''))}</td>" for name in names)
    return f"<tr><td>{contact.id}</td>{cells}</tr>"

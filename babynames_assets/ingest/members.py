"""Chooses the one member of a zip archive that holds the table, and refuses archives made to do harm."""

import re
import stat
import zipfile
from collections import Counter

from babynames_assets.errors import SourceError

MAX_MEMBERS = 10_000
SUFFIXES = (".csv", ".txt")

_NAMES_SHOWN = 20
_DRIVE = re.compile(r"[A-Za-z]:")


def choose_member(members: list[zipfile.ZipInfo], wanted: str | None, archive: str) -> zipfile.ZipInfo:
    """The member to unpack.

    Args:
        members: everything in the archive.
        wanted: its full name or its last part; None when there is only one table.
        archive: the archive's name, for messages.

    Raises:
        SourceError: the archive is unsafe, holds no table, or several and ``wanted`` does not say which.
    """
    _refuse_unsafe(members, archive)
    tables = [member for member in members if _is_table(member)]
    if not tables:
        raise SourceError(f"{archive} holds no {' or '.join(SUFFIXES)} file, only: {_listed(members)}.")
    chosen = [table for table in tables if wanted is None or wanted in {table.filename, _last_part(table.filename)}]
    if len(chosen) == 1:
        return _readable(chosen[0], archive)
    problem = "no table of that name" if not chosen else f"{len(chosen)} tables"
    asked = "" if wanted is None else f" for {wanted!r}"
    raise SourceError(
        f"{archive} holds {problem}{asked}: {_listed(chosen or tables)}. "
        "Set BABYNAMES_KAGGLE__MEMBER to the full name of the one to take."
    )


def _refuse_unsafe(members: list[zipfile.ZipInfo], archive: str) -> None:
    if len(members) > MAX_MEMBERS:
        raise SourceError(f"{archive} holds {len(members)} files; {MAX_MEMBERS} is the most that is looked at.")
    for member in members:
        if _leaves_folder(member.orig_filename):
            raise SourceError(
                f"{archive} is unsafe: {member.orig_filename!r} points outside the folder. Do not use it."
            )
        if _is_special(member):
            raise SourceError(f"{archive} is unsafe: {member.filename!r} is a link or a device. Do not use it.")
    twice = [name for name, count in Counter(member.filename for member in members).items() if count > 1]
    if twice:
        raise SourceError(f"{archive} is unsafe: it holds {twice[0]!r} more than once, so it is unclear which counts.")


def _leaves_folder(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return "\0" in name or parts[0] == "" or ".." in parts or _DRIVE.match(name) is not None


def _is_special(member: zipfile.ZipInfo) -> bool:
    # The upper half of the attributes holds Unix file modes; other systems leave the type zero.
    kind = stat.S_IFMT(member.external_attr >> 16)
    return kind not in {0, stat.S_IFREG, stat.S_IFDIR}


def _is_table(member: zipfile.ZipInfo) -> bool:
    # macOS adds a hidden twin ("__MACOSX/._name.csv") to each file.
    name = _last_part(member.filename)
    hidden = name.startswith(".") or member.filename.startswith("__MACOSX/")
    return not member.is_dir() and not hidden and name.lower().endswith(SUFFIXES)


def _readable(member: zipfile.ZipInfo, archive: str) -> zipfile.ZipInfo:
    if member.header_offset < 0:
        raise SourceError(f"{archive} is damaged: {member.filename!r} begins before the file. Get the file again.")
    if member.flag_bits & 0x1:
        raise SourceError(f"{archive}: {member.filename!r} is encrypted. Pack it again without a password.")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise SourceError(f"{archive}: {member.filename!r} is not packed with deflate. Pack it again so.")
    return member


def _last_part(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]


def _listed(members: list[zipfile.ZipInfo]) -> str:
    names = sorted(member.filename for member in members if not member.is_dir())
    rest = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return (", ".join(repr(name) for name in names[:_NAMES_SHOWN]) or "nothing") + rest

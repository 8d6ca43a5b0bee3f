"""Tests of unpacking: one table comes out, and nothing harmful gets in."""

import gzip
import hashlib
import stat
import struct
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from babynames_assets.errors import SourceError
from babynames_assets.ingest.archive import HARMLESS_BYTES, Unpacked, unpack_csv
from babynames_assets.ingest.members import MAX_MEMBERS

TABLE = b"Name,Sex\n" + b"".join(f"Name{number},F\n".encode() for number in range(2000))


def _zip(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _unpack(
    archive: Path,
    target: Path | None = None,
    *,
    member: str | None = None,
    max_bytes: int = 10**8,
    max_ratio: float = 200,
) -> Unpacked:
    folder = target or archive.parent / "unpacked"
    return unpack_csv(archive, folder, member=member, max_bytes=max_bytes, max_ratio=max_ratio)


def _refusal(archive: Path, *, member: str | None = None, max_bytes: int = 10**8, max_ratio: float = 200) -> str:
    """The message of the refusal, after which nothing new lies anywhere."""
    before = set(archive.parent.rglob("*")) - {archive.parent / "unpacked"}
    with pytest.raises(SourceError) as caught:
        _unpack(archive, member=member, max_bytes=max_bytes, max_ratio=max_ratio)
    after = set(archive.parent.rglob("*")) - {archive.parent / "unpacked"}
    assert after == before
    return str(caught.value)


@pytest.mark.parametrize("name", ["names.csv", "yob1880.txt", "folder/names.CSV"])
def test_the_only_table_comes_out(tmp_path: Path, name: str) -> None:
    """Its bytes, length and digest are right, and its folder in the archive is dropped."""
    archive = _zip(tmp_path / "a.zip", {name: TABLE, "readme.md": b"hello", "__MACOSX/._names.csv": b"x"})

    unpacked = _unpack(archive)

    assert unpacked == Unpacked(
        tmp_path / "unpacked" / Path(name).name, name, len(TABLE), hashlib.sha256(TABLE).hexdigest()
    )
    assert unpacked.path.read_bytes() == TABLE
    assert list(unpacked.path.parent.iterdir()) == [unpacked.path]


@pytest.mark.parametrize(
    ("name", "content"), [("names.csv", TABLE), ("names.txt", TABLE), ("names.csv.gz", gzip.compress(TABLE))]
)
def test_a_table_needs_no_archive(tmp_path: Path, name: str, content: bytes) -> None:
    """A plain or gzipped table is taken too, and the source stays."""
    source = tmp_path / name
    source.write_bytes(content)

    unpacked = _unpack(source)

    assert unpacked.path.read_bytes() == TABLE
    assert unpacked.path.name == name.removesuffix(".gz")
    assert source.read_bytes() == content


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    """A zip that is called .csv is unpacked."""
    archive = _zip(tmp_path / "wrong.csv", {"names.csv": TABLE})

    assert _unpack(archive).path.read_bytes() == TABLE


def test_several_tables_need_the_setting(tmp_path: Path) -> None:
    """The message lists them and names the setting."""
    archive = _zip(tmp_path / "a.zip", {"NationalNames.csv": TABLE, "StateNames.csv": TABLE})

    message = _refusal(archive)

    assert "2 tables: 'NationalNames.csv', 'StateNames.csv'" in message
    assert "BABYNAMES_KAGGLE__MEMBER" in message


@pytest.mark.parametrize("member", ["x/StateNames.csv", "StateNames.csv"])
def test_the_named_member_is_taken(tmp_path: Path, member: str) -> None:
    """By its full name or by its last part."""
    archive = _zip(tmp_path / "a.zip", {"x/NationalNames.csv": b"no", "x/StateNames.csv": TABLE})

    assert _unpack(archive, member=member).path.read_bytes() == TABLE


def test_a_member_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    """The message lists the tables."""
    archive = _zip(tmp_path / "a.zip", {"NationalNames.csv": TABLE})

    message = _refusal(archive, member="StateNames.csv")

    assert "no table of that name for 'StateNames.csv': 'NationalNames.csv'" in message


def test_a_last_part_that_fits_twice_needs_the_full_name(tmp_path: Path) -> None:
    """Two members of the same last part are both listed."""
    archive = _zip(tmp_path / "a.zip", {"a/names.csv": TABLE, "b/names.csv": TABLE, "other.csv": TABLE})

    assert "2 tables for 'names.csv': 'a/names.csv', 'b/names.csv'" in _refusal(archive, member="names.csv")


def test_an_archive_from_windows_is_read(tmp_path: Path) -> None:
    """Backslashes separate folders, as some programs write them."""
    archive = _zip(tmp_path / "a.zip", {"folder\\names.csv": TABLE})

    unpacked = _unpack(archive, member="names.csv")

    assert unpacked.path == tmp_path / "unpacked" / "names.csv"
    assert unpacked.path.read_bytes() == TABLE


def test_an_earlier_table_of_the_same_name_is_replaced(tmp_path: Path) -> None:
    """What an earlier run left half-done does not get in the way."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    (tmp_path / "unpacked").mkdir()
    (tmp_path / "unpacked" / "names.csv").write_bytes(b"old")
    (tmp_path / "unpacked" / "names.csv.partial").write_bytes(b"half")

    assert _unpack(archive).path.read_bytes() == TABLE
    assert [path.name for path in (tmp_path / "unpacked").iterdir()] == ["names.csv"]


def test_a_folder_called_like_a_table_is_no_table(tmp_path: Path) -> None:
    """Only files count."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    with zipfile.ZipFile(archive, "a") as opened:
        opened.mkdir("other.csv")

    assert _unpack(archive).member == "names.csv"


def test_an_archive_without_a_table_is_told_with_what_it_holds(tmp_path: Path) -> None:
    """Long lists are cut."""
    archive = _zip(tmp_path / "a.zip", {f"{number:02}.pdf": b"x" for number in range(25)})

    message = _refusal(archive)

    assert "'00.pdf', '01.pdf'" in message
    assert message.endswith("and 5 more.")


def test_an_empty_archive_holds_nothing(tmp_path: Path) -> None:
    """A zip without members is refused."""
    assert "only: nothing" in _refusal(_zip(tmp_path / "a.zip", {}))


@pytest.mark.parametrize(
    "name",
    [
        "../evil.csv",
        "a/../../evil.csv",
        "/etc/evil.csv",
        "..\\evil.csv",
        "\\evil.csv",
        "C:\\evil.csv",
        "c:evil.csv",
        "evil.csv\x00.txt",
    ],
)
def test_a_member_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    """Traversal, absolute paths, drive letters and hidden ends make the whole archive unsafe."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    with zipfile.ZipFile(archive, "a") as opened:
        info = zipfile.ZipInfo("x" * len(name))
        info.filename = name
        opened.writestr(info, b"evil")

    assert "points outside the folder" in _refusal(archive)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_is_refused(tmp_path: Path, kind: int) -> None:
    """A member that is no regular file makes the archive unsafe."""
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        info = zipfile.ZipInfo("names.csv")
        info.external_attr = (kind | 0o777) << 16
        opened.writestr(info, b"/etc/passwd")

    assert "is a link or a device" in _refusal(archive)


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    """Which of them counts would depend on the program that unpacks."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    with zipfile.ZipFile(archive, "a") as opened, pytest.warns(UserWarning, match="Duplicate name"):
        opened.writestr("names.csv", b"other")

    assert "'names.csv' more than once" in _refusal(archive)


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    """An archive of very many files is not searched."""
    archive = _zip(tmp_path / "a.zip", {str(number): b"" for number in range(MAX_MEMBERS + 1)})

    assert f"{MAX_MEMBERS} is the most" in _refusal(archive)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    """The message asks for an archive without a password."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)

    assert "is encrypted. Pack it again without a password" in _refusal(archive)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_compression_is_refused(tmp_path: Path, compression: int) -> None:
    """Only what every zip program writes by itself is read."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE}, compression)

    assert "not packed with deflate" in _refusal(archive)


def test_an_unreadable_variant_of_zip_is_refused(tmp_path: Path) -> None:
    """A patch archive, which the zip library does not implement, is told as such."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 0x20
    archive.write_bytes(content)

    assert "cannot be unpacked" in _refusal(archive)


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A member whose name is announced as UTF-8 and is not makes the archive damaged."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    content = bytearray(archive.read_bytes())
    content[7] |= 0x08
    content[content.index(b"PK\x01\x02") + 9] |= 0x08
    content[content.index(b"names.csv")] = 0xFF
    archive.write_bytes(content)

    assert "is damaged or cut short ('utf-8' codec" in _refusal(archive)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    """The declared size against the archive's size is enough."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": b"0" * (HARMLESS_BYTES * 4)})

    message = _refusal(archive)

    assert "200 times the archive's size" in message
    assert "BABYNAMES_KAGGLE__MAX_UNPACK_RATIO" in message


def test_too_large_a_table_is_refused(tmp_path: Path) -> None:
    """The largest size counts whatever the ratio."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})

    assert "more than 1000 bytes" in _refusal(archive, max_bytes=1000)


def test_a_gzip_bomb_is_refused_while_it_is_unpacked(tmp_path: Path) -> None:
    """Gzip declares no size that could be trusted, so the bytes are counted."""
    archive = tmp_path / "names.csv.gz"
    archive.write_bytes(gzip.compress(b"0" * (HARMLESS_BYTES * 4)))

    assert "200 times the archive's size" in _refusal(archive)


def test_a_plain_table_has_a_largest_size_too(tmp_path: Path) -> None:
    """The limit holds for a file that is no archive."""
    source = tmp_path / "names.csv"
    source.write_bytes(TABLE)

    assert "more than 1000 bytes" in _refusal(source, max_bytes=1000)


def test_a_small_file_may_be_well_compressed(tmp_path: Path) -> None:
    """Below a harmless size the ratio does not count."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": b"a" * (HARMLESS_BYTES // 2)})

    assert _unpack(archive, max_ratio=1).bytes == HARMLESS_BYTES // 2


def test_a_size_that_lies_is_found_out(tmp_path: Path) -> None:
    """A member that declares ten bytes does not pass as ten bytes."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    content = bytearray(archive.read_bytes())
    struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 24, 10)
    archive.write_bytes(content)

    assert "is damaged or cut short (Bad CRC-32" in _refusal(archive)


@pytest.mark.parametrize("keep", [1, 30, 2000, -1])
def test_a_truncated_zip_is_refused(tmp_path: Path, keep: int) -> None:
    """Wherever it was cut."""
    archive = _zip(tmp_path / "a.zip", {"names.csv": TABLE})
    archive.write_bytes(archive.read_bytes()[:keep])

    assert _refusal(archive)


def test_a_truncated_gzip_is_refused(tmp_path: Path) -> None:
    """Its end is missing, and the message says so."""
    archive = tmp_path / "names.csv.gz"
    archive.write_bytes(gzip.compress(TABLE)[:-10])

    assert "is damaged or cut short" in _refusal(archive)


@pytest.mark.parametrize(
    ("content", "meaning"),
    [(b"", "is empty"), (b"<html>", "HTML"), (b"%PDF-1", "a PDF document")],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, meaning: str) -> None:
    """As a file of its own, inside a zip, and inside a gzip file."""
    plain = tmp_path / "names.csv"
    plain.write_bytes(content)
    zipped = _zip(tmp_path / "names.zip", {"names.csv": content})
    gzipped = tmp_path / "names.csv.gz"
    gzipped.write_bytes(gzip.compress(content))

    assert [meaning in _refusal(source) for source in (plain, zipped, gzipped)] == [True] * 3


def test_an_archive_with_a_damaged_beginning_is_no_text(tmp_path: Path) -> None:
    """A file that is called an archive and begins otherwise does not become a table of garbage."""
    archive = tmp_path / "names.csv.gz"
    archive.write_bytes(b"\x00" + gzip.compress(TABLE)[1:])

    assert "does not begin as its name says" in _refusal(archive)


def test_an_archive_inside_an_archive_is_refused(tmp_path: Path) -> None:
    """Only one layer is unpacked."""
    inner = _zip(tmp_path / "inner.zip", {"names.csv": TABLE})
    archive = _zip(tmp_path / "outer.zip", {"names.csv": inner.read_bytes()})

    assert "an archive inside the archive" in _refusal(archive)


@pytest.mark.parametrize(
    ("member", "name"),
    [("Baby names (US)!.csv", "Baby_names__US__.csv"), ("x" * 200 + ".csv", "x" * 96 + ".csv"), ("Zoë.csv", "Zoë.csv")],
)
def test_the_file_gets_a_harmless_name(tmp_path: Path, member: str, name: str) -> None:
    """Blanks and signs become underscores, long names are cut, letters of any script stay."""
    assert _unpack(_zip(tmp_path / "a.zip", {member: TABLE})).path.name == name


@settings(max_examples=150, deadline=None)
@example(flips=[(239, 1)])
@given(flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4))
def test_flipped_bits_give_the_right_table_or_a_refusal(flips: list[tuple[int, int]]) -> None:
    """No damage, wherever it is, gives another table or another kind of error."""
    with TemporaryDirectory() as folder:
        archive = _zip(Path(folder) / "a.zip", {"names.csv": TABLE[:500]})
        content = bytearray(archive.read_bytes())
        for offset, mask in flips:
            content[offset % len(content)] ^= mask
        archive.write_bytes(content)

        try:
            unpacked = _unpack(archive)
        except SourceError:
            assert not list((Path(folder) / "unpacked").rglob("*"))
        else:
            assert unpacked.path.read_bytes() == TABLE[:500]


@settings(max_examples=100, deadline=None)
@given(offset=st.integers(0, 10**6), mask=st.integers(1, 255))
def test_a_flipped_bit_in_a_gzip_file_gives_the_right_table_or_a_refusal(offset: int, mask: int) -> None:
    """As for a zip."""
    with TemporaryDirectory() as folder:
        archive = Path(folder) / "names.csv.gz"
        content = bytearray(gzip.compress(TABLE[:500]))
        content[offset % len(content)] ^= mask
        archive.write_bytes(content)

        try:
            unpacked = _unpack(archive)
        except SourceError:
            assert not list((Path(folder) / "unpacked").rglob("*"))
        else:
            assert unpacked.path.read_bytes() == TABLE[:500]

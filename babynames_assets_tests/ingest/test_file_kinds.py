"""Tests of what the first bytes say."""

import pytest

from babynames_assets.errors import SourceError
from babynames_assets.ingest.file_kinds import FileKind, kind_of


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04rest", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"Name,Sex\n", "text"),
        (b"\xef\xbb\xbfName,Sex\n", "text"),
        (b"\xff\xfeN\x00a\x00", "text"),
        (b"Name\x00,Sex\n", "text"),
    ],
)
def test_the_first_bytes_decide_the_kind(head: bytes, kind: FileKind) -> None:
    """Archives are known by their marks; all else that could be a table is text."""
    assert kind_of(head, "names.csv") == kind


@pytest.mark.parametrize(
    ("head", "meaning"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>", "an HTML or XML page"),
        (b"\xef\xbb\xbf \n<Error>", "an HTML or XML page"),
        (b'{"code":403}', "a JSON document"),
        (b"[1]", "a JSON document"),
        (b"%PDF-1.7", "a PDF document"),
        (b"PAR1", "a Parquet file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    ],
)
def test_what_cannot_be_a_table_is_named(head: bytes, meaning: str) -> None:
    """The message says what the file is in place of a table."""
    with pytest.raises(SourceError, match=f"^names.csv .*{meaning}"):
        kind_of(head, "names.csv")


def test_an_error_page_is_quoted_in_short() -> None:
    """The message shows how the page begins, on one line."""
    with pytest.raises(SourceError) as caught:
        kind_of(b"<html>\n<body>\n" + b"sorry " * 100, "names.zip")

    assert "'<html> <body> sorry" in str(caught.value)
    assert len(str(caught.value)) < 400

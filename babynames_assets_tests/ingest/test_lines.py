"""Physical lines are counted exactly, in bounded memory."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.errors import SourceError
from babynames_assets.ingest.lines import MAX_LINE_BYTES, read_blocks


def lines_of(path: Path, block_bytes: int = 2**20) -> list[str]:
    """All lines of a file."""
    return [line for block in read_blocks(path, "names.csv", block_bytes=block_bytes) for line in block.lines]


def written(folder: Path, content: bytes, name: str = "names.csv") -> Path:
    """A file of that content."""
    path = folder / name
    path.write_bytes(content)
    return path


CONTENTS = {
    b"": [],
    b"a": ["a"],
    b"a\n": ["a"],
    b"\n": [""],
    b"a\nb": ["a", "b"],
    b"a\n\nb\n\n": ["a", "", "b", ""],
    b"a\r\nb\r\n": ["a", "b"],
    b"a\r\nb\r": ["a", "b"],
    b"a\rb\r": ["a", "b"],
    b"a\rb\nc": ["a\rb", "c"],
    b"\xef\xbb\xbfa\nb\n": ["a", "b"],
    b"a\x00b\nc\n": ["a\x00b", "c"],
    b"Zo\xc3\xab\nZo\xeb\n": ["Zoë", "Zo\ufffd"],
    b'"a\nb",c\n': ['"a', 'b",c'],
    b"a\x0bb\x0cc\xe2\x80\xa8d\x85\n": ["a\x0bb\x0cc\u2028d\ufffd"],
}


@pytest.mark.parametrize("content", CONTENTS)
def test_lines_end_where_the_file_ends_them(tmp_path: Path, content: bytes) -> None:
    """LF, CRLF and files of CR alone are cut right, and nothing else ends a line."""
    assert lines_of(written(tmp_path, content)) == CONTENTS[content]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_blocks_of_any_size_give_the_same_lines(tmp_path: Path, end: bytes) -> None:
    """Where a block ends does not show, be it inside a letter or between CR and LF."""
    path = written(tmp_path, end.join([b"1880,Mary,F,1", "1880,Zoë,F,2".encode(), b"", b"x"] * 9))
    whole = lines_of(path)
    assert len(whole) == 36
    # A file's line end is judged by its first block, so that must hold one.
    assert all(lines_of(path, size) == whole for size in range(16, 60))


def test_numbers_of_lines_go_on_from_block_to_block(tmp_path: Path) -> None:
    """Each block knows the number of its first line."""
    path = written(tmp_path, b"".join(b"%d\n" % number for number in range(1, 1001)))
    blocks = list(read_blocks(path, "names.csv", block_bytes=64))
    assert len(blocks) > 10
    assert all(int(block.lines[0]) == block.first for block in blocks)


def test_a_line_without_end_is_cut_and_its_neighbours_stay(tmp_path: Path) -> None:
    """A 10 MB line costs one line: its beginning is kept, just too long to be taken for a good one."""
    path = written(tmp_path, b"before\n" + b"x" * 10_000_000 + b"\nafter\n")
    before, long, after = lines_of(path, 2**18)
    assert (before, after) == ("before", "after")
    assert MAX_LINE_BYTES < len(long) < 2 * 2**18


def test_a_last_line_without_end_is_cut_too(tmp_path: Path) -> None:
    """The memory of a scan does not depend on the length of the last line."""
    assert [len(line) for line in lines_of(written(tmp_path, b"x" * 1_000_000), 4096)] == [MAX_LINE_BYTES + 1]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_with_its_mark_is_refused(tmp_path: Path, encoding: str) -> None:
    """The message says which encoding is meant to be there."""
    mark = "" if encoding == "utf-16" else "\ufeff"
    with pytest.raises(SourceError, match=r"names\.csv is in UTF-16, but only UTF-8 can be read"):
        lines_of(written(tmp_path, f"{mark}YearOfBirth,Name,Sex,Number\n".encode(encoding)))


def test_a_block_knows_whether_quotes_or_accents_need_care(tmp_path: Path) -> None:
    """The marks let the rules skip work that plain files do not need."""
    blocks = [
        next(read_blocks(written(tmp_path, text.encode()), "names.csv")) for text in ("Zoe\n", "Zoë\n", '"Zoe"\n')
    ]
    assert [(block.is_ascii, block.has_quotes) for block in blocks] == [(True, False), (False, False), (True, True)]


@given(content=st.binary(max_size=200), size=st.integers(1, 50))
def test_the_number_of_lines_is_that_of_the_line_ends(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, size: int
) -> None:
    """Whatever the bytes: one line for each line end, and one more for a rest without end."""
    content = b"first\n" + content.removeprefix(b"\xff\xfe")
    path = written(tmp_path_factory.mktemp("lines"), content)
    expected = content.count(b"\n") + (not content.endswith(b"\n"))
    assert len(lines_of(path, max(6, size))) == expected

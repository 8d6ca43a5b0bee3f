"""The fast way through a block gives what the slow way gives, or nothing."""

import string

import polars as pl
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from babynames_assets.ingest.clean_blocks import LONGEST_REST, plain_text, read_clean
from babynames_assets.ingest.layouts import Layout
from babynames_assets.ingest.lines import MAX_LINE_BYTES, Block
from babynames_assets.ingest.rules import Rules, judge, judge_each

RULES = Rules(first_year=1880, last_year=2026, max_name_length=12)
NATIONAL = Layout(columns=4, year=0, name=1, sex=2, births=3)
WITH_NOTE = Layout(columns=5, year=1, name=3, sex=2, births=4)
STATES = Layout(columns=6, year=1, name=3, sex=2, births=4, finer_grain=(0, 5))
ONE_YEAR = Layout(columns=3, name=0, sex=1, births=2, fixed_year=1984, header_lines=0)
WRONG_YEAR = Layout(columns=3, name=0, sex=1, births=2, fixed_year=1700, header_lines=0)
LAYOUTS = [NATIONAL, WITH_NOTE, STATES, ONE_YEAR, WRONG_YEAR]

HOSTILE = [
    "+5", "1e3", "007", " 5", "5 ", "5.0", "-5", "0", "1_000", "1,000", "99999", "2147483647", "2147483648", "nan",
    "null", "0x5", "\u0665", "", " ", "f", "female", "X", "1", "F ", "Mary ", " Mary", "mary", "Ma\x00ry", "Ma\try",
    "Ma\rry", "Mary\r", '"Mary"', 'Ma"ry', "#Mary", "=1+1", "O'Hara", "Zo\u00eb", "Zoe\u0308", "Zo\ufffd",
    "\u00a0Mary", "Mary\u2028", "A" * 13, "1879", "2027", "01984", "1984.0", "Mary,F", "\n", "\n\n", "\ud83d",
]  # fmt: skip
hostile = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=5))
names = st.text(string.ascii_letters + " '.-\u00eb\u0141", min_size=1, max_size=12)
plain = {
    "year": st.integers(1875, 2030).map(str),
    "sex": st.sampled_from("FM"),
    "name": st.one_of(st.sampled_from(["Mary", "Ann", "Zo\u00eb", "Mary Ann"]), names),
    "births": st.integers(1, 2**31 - 1).map(str),
}
rest = st.text(string.ascii_letters + " ", max_size=4)


def block_of(*lines: str) -> Block:
    """A block that begins at line 7."""
    return Block(7, "".join(f"{line}\n" for line in lines).encode("utf-8", errors="surrogatepass"))


def clean(block: Block, layout: Layout = NATIONAL) -> pl.DataFrame | None:
    """What the fast way gives."""
    return read_clean(block, layout, years=(RULES.first_year, RULES.last_year), max_name_length=RULES.max_name_length)


def with_text(candidates: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """The candidates, the text of each told by its values where it was left out."""
    columns = ["line", "text", *(name for name in candidates.columns if name not in ("line", "text"))]
    return (candidates if "text" in candidates else candidates.with_columns(text=plain_text(layout))).select(columns)


def roles(layout: Layout) -> dict[int, str]:
    """The role of each field that has one."""
    return {getattr(layout, role): role for role in ("year", "sex", "name", "births")}


@st.composite
def blocks(draw: st.DrawFn, layout: Layout, *, worst: int) -> Block:
    """Lines of plain values, of which at most so many fields are hostile; now and then a field too many or too few."""
    known = roles(layout)
    lines = [
        [draw(plain[known[index]] if index in known else rest) for index in range(layout.columns)]
        for _ in range(draw(st.integers(1, 4)))
    ]
    for _ in range(draw(st.integers(0, worst))):
        line = draw(st.sampled_from(lines))
        kind = draw(st.sampled_from(["change", "change", "change", "add", "drop"]))
        if kind == "change" and line:
            line[draw(st.integers(0, len(line) - 1))] = draw(hostile)
        elif kind == "add":
            line.append(draw(hostile))
        elif line:
            line.pop()
    return block_of(*(",".join(line) for line in lines))


@pytest.mark.parametrize("worst", [0, 1, 4])
@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_what_the_fast_way_takes_the_slow_way_takes_too(worst: int, data: st.DataObject) -> None:
    """Same candidates in the same order, and no line rejected, whatever stands in the block."""
    layout = data.draw(st.sampled_from(LAYOUTS))
    block = data.draw(blocks(layout, worst=worst))

    fast, slow = clean(block, layout), judge_each(block, layout, RULES)

    event("fast" if fast is not None else "slow")
    if fast is not None:
        assert slow.rejected.is_empty()
        assert with_text(fast, layout).equals(with_text(slow.candidates, layout))
        assert with_text(fast, layout).schema == with_text(slow.candidates, layout).schema


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(
        st.tuples(
            st.integers(1880, 2026),
            st.sampled_from(["Mary", "Ann Lee", "Zo\u00eb", "O'Hara"]),
            st.sampled_from("FM"),
            plain["births"],
        ),
        min_size=1,
        max_size=5,
    )
)
def test_plain_lines_go_the_fast_way(lines: list[tuple[object, ...]]) -> None:
    """Otherwise the comparison above would compare nothing."""
    candidates = clean(block_of(*(",".join(map(str, line)) for line in lines)))
    assert candidates is not None
    assert candidates.select("year", "name", "sex").rows() == [line[:3] for line in lines]
    assert candidates["line"].to_list() == list(range(7, 7 + len(lines)))


@pytest.mark.parametrize("layout", [WITH_NOTE, STATES, ONE_YEAR])
def test_other_layouts_go_the_fast_way_too(layout: Layout) -> None:
    """Fields without a role are kept in the text, and in the grain if it is finer."""
    fields = {"year": "1984", "sex": "F", "name": "Mary", "births": "5"}
    line = ",".join(fields.get(roles(layout).get(index, ""), f"x{index}") for index in range(layout.columns))
    candidates = clean(block_of(line), layout)
    assert candidates is not None
    assert with_text(candidates, layout)["text"].to_list() == [line]
    assert candidates.select("year", "sex", "name", "births").rows() == [(1984, "F", "Mary", 5)]


UNUSUAL = {
    "a plus sign": "1984,Mary,F,+5",
    "a leading zero": "1984,Mary,F,007",
    "a blank": "1984,Mary,F, 5",
    "a blank behind the name": "1984,Mary ,F,5",
    "an exponent": "1984,Mary,F,1e3",
    "a quote": '1984,"Mary",F,5',
    "lower case": "1984,Mary,f,5",
    "a control character": "1984,Ma\x00ry,F,5",
    "a carriage return": "1984,Mary,F,5\r",
    "a damaged letter": "1984,Zo\ufffd,F,5",
    "a letter apart from its accent": "1984,Zoe\u0308,F,5",
    "a field too many": "1984,Mary,F,5,",
    "a field too few": "1984,Mary,F",
    "no births": "1984,Mary,F,0",
    "an empty name": "1984,,F,5",
    "a year too early": "1879,Mary,F,5",
    "a year that is too large": "99999,Mary,F,5",
    "a long name": "1984," + "A" * 13 + ",F,5",
    "a blank line": "",
}


@pytest.mark.parametrize("kind", UNUSUAL)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_one_unusual_line_sends_the_block_the_slow_way(kind: str, at: int) -> None:
    """Be it the first, the last or between."""
    lines = ["1984,Ann,F,7", "1985,Ann,M,8"]
    lines.insert(at, UNUSUAL[kind])
    assert clean(block_of(*lines)) is None
    assert judge(block_of(*lines), NATIONAL, RULES).candidates.height in (2, 3)


def test_shortcomings_of_one_line_are_not_made_up_for_by_another() -> None:
    """A byte too many here and one too few there are not the size that plain lines have."""
    assert clean(block_of("1,1984,F,Mary,5,", "1,1984,F,Mary"), WITH_NOTE) is None
    assert clean(block_of("x,1984,F,Mary,05", ",1984,F,Mary,5"), WITH_NOTE) is None


def test_a_block_without_lines_or_of_another_line_end_goes_the_slow_way() -> None:
    """There is nothing to gain."""
    assert clean(Block(2, b"")) is None
    assert clean(Block(2, b"1984,Mary,F,5\r", b"\r")) is None
    assert clean(Block(2, b"1984,Zo\xeb,F,5\n")) is None


def test_a_line_that_may_be_too_long_goes_the_slow_way() -> None:
    """The slow way knows the limit to the byte."""
    line = "x" * LONGEST_REST + ",1984,F,Mary,5"
    assert clean(block_of(line[1:]), WITH_NOTE) is not None
    assert clean(block_of(line), WITH_NOTE) is None
    assert judge_each(block_of("x" * MAX_LINE_BYTES + line), WITH_NOTE, RULES).rejected.height == 1

"""Tests of how far a reading back came."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.sync.drift import KINDS, Drift
from babynames_assets.sync.reconcile_progress import EXAMPLES, DriftExample, ReconcileProgress, YearReading

texts = st.text(max_size=5)
numbers = st.integers(0, 10**6)
readings = st.builds(
    YearReading, **dict.fromkeys(["read", "present", "edited", "deleted", "merged", "unknown", "archived"], numbers)
)
values = st.dictionaries(texts, st.tuples(st.none() | texts, st.none() | texts), max_size=3)
progresses = st.builds(
    ReconcileProgress,
    years=st.dictionaries(st.integers(0, 2100), readings, max_size=4),
    year=st.none() | st.integers(0, 2100),
    after=st.none() | st.tuples(st.sampled_from("FM"), texts),
    is_read=st.booleans(),
    after_id=texts,
    not_archived=st.lists(st.integers(0, 2100), max_size=3),
    examples=st.lists(st.builds(DriftExample, st.sampled_from(KINDS), texts, texts, values), max_size=3),
)


@given(progresses)
def test_what_is_kept_comes_back(progress: ReconcileProgress) -> None:
    """Whatever was found, and wherever it stopped."""
    assert ReconcileProgress.from_json(progress.as_json()) == progress


def test_turning_to_a_year_begins_it_once() -> None:
    """Staying with a year keeps its place; the next one begins at its start."""
    progress = ReconcileProgress()
    progress.begin(2001).read += 5
    progress.after, progress.is_read, progress.after_id = ("F", "Mary"), True, "17"

    progress.begin(2001).read += 1
    stayed = replace(progress)
    progress.begin(2002)
    turned = replace(progress)

    assert (stayed.after, stayed.is_read, stayed.after_id) == (("F", "Mary"), True, "17")
    assert (turned.after, turned.is_read, turned.after_id) == (None, False, "")
    assert progress.years[2001].read == 6


def test_every_kind_is_counted_and_some_are_remembered() -> None:
    """A mass of one kind does not push out the examples of the others."""
    progress = ReconcileProgress()
    progress.begin(2001)

    progress.add([Drift("unknown", f"key {number}", "1") for number in range(100)])
    progress.add([Drift("edited", "key", "2", {"births": ("1", "2")})])

    assert progress.by_kind() == {"edited": 1, "deleted": 0, "merged": 0, "unknown": 100}
    assert len(progress.examples) == EXAMPLES + 1
    assert progress.examples[-1] == DriftExample("edited", "key", "2", {"births": ("1", "2")})
    assert (progress.totals().drift, progress.totals().to_send) == (101, 1)

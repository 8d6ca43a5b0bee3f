"""The generated dataset is plausible, the same for each seed, and its counts are the true ones."""

import hashlib
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.emulators.dataset import HEADER, Generated, generate
from babynames_assets.ingest.provenance import FrameSource
from babynames_assets.ingest.scan import Scan, rejected, scan_file
from babynames_assets.ingest.schema import MOST_BIRTHS
from babynames_assets.setting_groups import IngestSettings


def scan_of(path: Path) -> Scan:
    """The scan of a generated file."""
    return scan_file(
        path,
        path.with_suffix(".scan"),
        source=FrameSource("names", "1", path.name),
        settings=IngestSettings(last_year=2100),
    )


def frame_of(scan: Scan) -> pl.DataFrame:
    """All rows of a scan."""
    return pl.concat([pl.read_parquet(scan.frame_path(year), hive_partitioning=False) for year in scan.years])


def counted(scan: Scan) -> Generated:
    """What a scan counts."""
    years = scan.years.values()
    return Generated(
        lines=scan.lines,
        valid=sum(counts.valid for counts in years),
        duplicates=sum(counts.duplicates for counts in years),
        rejected=scan.unplaced + sum(counts.rejected for counts in years),
    )


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """The scan of the first release of seed 1."""
    path = tmp_path_factory.mktemp("dataset") / "release.csv"
    generate(path, seed=1)
    return scan_of(path)


def test_the_counts_of_the_default_release_are_those_of_the_scan(tmp_path: Path) -> None:
    """The generator knows what it wrote, and the scan finds exactly that."""
    generated = generate(tmp_path / "release.csv", seed=1)
    assert counted(scan_of(tmp_path / "release.csv")) == generated
    assert generated.valid == pytest.approx(20_000, rel=0.02)
    assert 20 <= generated.duplicates <= 60
    assert 20 <= generated.rejected <= 60


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 800), revision=st.integers(0, 3), years=st.integers(0, 30))
def test_the_counts_are_true_for_every_seed_and_size(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, revision: int, years: int
) -> None:
    """Small, large, first and later releases are all counted right."""
    path = tmp_path_factory.mktemp("dataset") / "release.csv"
    generated = generate(path, seed=seed, first_year=2000, last_year=2000 + years, rows=rows, revision=revision)
    assert counted(scan_of(path)) == generated


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Also on another machine and another day: the digest is written down here."""
    generate(tmp_path / "a.csv", seed=7, rows=500)
    generate(tmp_path / "b.csv", seed=7, rows=500)
    generate(tmp_path / "c.csv", seed=8, rows=500)
    a, b, c = ((tmp_path / name).read_bytes() for name in ("a.csv", "b.csv", "c.csv"))
    assert a == b != c
    assert hashlib.sha256(a).hexdigest() == "00d715b2504002a4b915c5448f4e31c26b3baf9039ebb589b85df41a19f0d94f"


def test_the_file_looks_like_the_real_one(release: Scan, tmp_path: Path) -> None:
    """The same header, every year, more rows in later years, more girls' names than boys'."""
    generate(tmp_path / "release.csv", seed=1)
    assert (tmp_path / "release.csv").read_text(encoding="utf-8").splitlines()[0] == HEADER
    assert list(release.years) == list(range(1880, 2025))
    assert release.years[2024].valid > 2 * release.years[1880].valid
    sexes = Counter(frame_of(release)["sex"])
    assert sexes["F"] > sexes["M"] > 0


def test_counts_are_skewed(release: Scan) -> None:
    """A few names are given often, most names seldom, and none less than five times."""
    births = sorted(frame_of(release).filter(pl.col("year") == 2000)["births"].to_list(), reverse=True)
    assert sum(births[: len(births) // 10]) > sum(births) / 2
    assert 5 <= births[-1] < births[0] < MOST_BIRTHS


def test_names_with_accents_apostrophes_and_hyphens_are_there(release: Scan) -> None:
    """Among them three that differ by case or accent only."""
    names = set(frame_of(release)["name"])
    assert {"Zoe", "Zo\u00eb", "ZOE", "O'Hara", "Anne-Marie", "Nu\u00f1ez", "D\u2019Arcy"} <= names


def test_bad_lines_of_many_kinds_are_there(release: Scan) -> None:
    """The dead letters of the demo show a person what they are for."""
    reasons = rejected(release.folder).collect()["reasons"].list.explode().n_unique()
    assert reasons >= 15


def test_the_next_release_adds_a_year_and_revises_the_others(release: Scan, tmp_path: Path) -> None:
    """One more year, about 3 % of the rows with another count, a few rows gone."""
    generate(tmp_path / "next.csv", seed=1, revision=1)
    scan = scan_of(tmp_path / "next.csv")
    old, new = frame_of(release), frame_of(scan)
    key = ["year", "sex", "name"]
    revised = old.join(new, on=key).filter(pl.col("births") != pl.col("births_right")).height
    removed = old.join(new, on=key, how="anti").height
    added = new.join(old, on=key, how="anti")
    assert max(scan.years) == 2025
    assert set(added["year"]) == {2025}
    assert 0.02 < revised / old.height < 0.04
    assert 1 <= removed <= 40


def test_a_later_release_builds_on_the_one_before(tmp_path: Path) -> None:
    """Revision 2 is to revision 1 what revision 1 is to the first release."""
    scans = []
    for revision in (1, 2):
        generate(tmp_path / f"{revision}.csv", seed=1, rows=2000, revision=revision)
        scans.append(scan_of(tmp_path / f"{revision}.csv"))
    one, two = (frame_of(scan) for scan in scans)
    unchanged = one.join(two, on=one.columns, how="semi").height
    assert 0.95 < unchanged / one.height < 0.99
    assert max(scans[1].years) == 2026

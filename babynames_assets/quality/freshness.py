"""Whether what was released has arrived: at each stage, within the hours that the settings allow.

A release is due so many hours after it was published; or, for one that was out before this installation existed, after
it was first taken. Only years that are held here are due: who loads ten years is not behind with the others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from babynames_assets.errors import BabynamesError
from babynames_assets.ingest.kaggle import DatasetVersion, KaggleDatasets
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import Scan
from babynames_assets.quality.verdict import Verdict
from babynames_assets.setting_groups import KaggleSettings
from babynames_assets.warehouse import ledger, ledger_report
from babynames_assets.warehouse.check_findings import CheckFinding
from babynames_assets.warehouse.engine import Connection, Engine, connect

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Release:
    """The file that is current, and the newest one that Kaggle has.

    Attributes:
        raw: the current file.
        scan: what reading it found.
        newest: Kaggle's newest version; None where it was not asked, or could not answer.
        not_asked: why it is not known.
    """

    raw: RawFile
    scan: Scan
    newest: DatasetVersion | None
    not_asked: str | None = None


def find_release(raw: RawFile, scan: Scan, kaggle: KaggleDatasets, settings: KaggleSettings) -> Release:
    """Ask Kaggle for its newest version, unless the current file came by the landing folder."""
    if raw.origin == "landing":
        return Release(raw, scan, None)
    try:
        return Release(raw, scan, kaggle.latest(settings.dataset, settings.version))
    except BabynamesError as error:
        return Release(raw, scan, None, str(error))


def freshness_verdict(
    engine: Engine,
    release: Release,
    *,
    left: int,
    within: timedelta,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Verdict:
    """Whether every release that is due is at every stage.

    Args:
        engine: the warehouse.
        release: what there is.
        left: contacts that are still to be sent or archived.
        within: how long a release may take.
        clock: tells the moment to judge by.
    """
    moment = clock()
    with connect(engine) as connection:
        since_when = _installed_at(connection, release.raw)
        late = _late_in_table(connection, release)
    out = max(release.raw.updated_at, since_when)
    findings = list(_behind_kaggle(release, since_when, moment, within))
    hours_behind = 0.0
    if late or left:
        hours_behind = (moment - out) / _HOUR
        if moment - out > within:
            findings += _behind(release.raw, late, left, hours_behind)
    numbers: dict[str, int | float] = {
        "hours_behind": round(hours_behind, 2),
        "hours_allowed": within / _HOUR,
        "hours_since_release": round((moment - release.raw.updated_at) / _HOUR, 2),
        "years_not_loaded": len(late),
        "contacts_left": left,
    }
    texts = {"version": f"{release.raw.dataset} version {release.raw.version}"}
    if release.not_asked:
        texts["kaggle"] = f"Kaggle could not be asked for its newest version: {release.not_asked}"
    return Verdict(numbers, findings, is_doubt=release.not_asked is not None and not findings, texts=texts)


def _behind_kaggle(
    release: Release, since_when: datetime, moment: datetime, within: timedelta
) -> Iterator[CheckFinding]:
    newest, raw = release.newest, release.raw
    if newest is None or (str(newest.number), newest.updated_at) == (raw.version, raw.updated_at):
        return
    waited = moment - max(newest.updated_at, since_when)
    if waited > within:
        message = (
            f"version {newest.number} is out for {waited / _HOUR:.1f} hours, and version {raw.version} is the one "
            "here: materialize raw/baby_names_csv, and see why the sensor did not"
        )
        yield CheckFinding(None, "raw/baby_names_csv", message)


def _behind(raw: RawFile, late: Sequence[int], left: int, hours: float) -> Iterator[CheckFinding]:
    what = f"{hours:.1f} hours after version {raw.version} came out"
    if late:
        years = ", ".join(map(str, late[:10])) + (" and more" if len(late) > 10 else "")
        yield CheckFinding(None, "warehouse/baby_names", f"{what}, {len(late)} years are not loaded: {years}")
    if left:
        yield CheckFinding(None, "hubspot/contacts", f"{what}, {left:,} contacts are not sent")


def _installed_at(connection: Connection, raw: RawFile) -> datetime:
    """When this installation entered its first file; before that no release was due here."""
    entered = [source.scanned_at.replace(tzinfo=UTC) for source in ledger_report.source_entries(connection)]
    return min([*entered, raw.acquired_at])


def _late_in_table(connection: Connection, release: Release) -> list[int]:
    """Years of the file, of those that are held here, whose newest content is not in the table."""
    held = ledger.current(connection)
    newest_held = max(held, default=0)
    return [
        year
        for year, counts in sorted(release.scan.years.items())
        if counts.valid
        and (year in held or year > newest_held)
        and (year not in held or held[year].digest != counts.digest)
    ]

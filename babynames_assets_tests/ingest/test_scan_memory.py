"""The memory of a scan depends on a setting, not on the file."""

import subprocess
import sys
from pathlib import Path

HEADER = "Year,Name,Sex,Count,Note\n"
PROGRAM = """
import resource, sys
from pathlib import Path
from babynames_assets.ingest.provenance import FrameSource
from babynames_assets.ingest.scan import scan_file
from babynames_assets.setting_groups import IngestSettings
source = Path(sys.argv[1])
settings = IngestSettings(memory_mib=int(sys.argv[2]))
scan = scan_file(source, source.with_suffix(".scan"), source=FrameSource("names", "1", "0a"), settings=settings)
print(scan.lines, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def lines_and_peak(source: Path, memory_mib: int = 64) -> tuple[int, int]:
    """Scan in a process of its own: the lines, and the most memory that it had, in the units of the system."""
    command = [sys.executable, "-c", PROGRAM, str(source), str(memory_mib)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    lines, peak = answer.stdout.splitlines()[-1].split()
    return int(lines), int(peak)


def test_four_times_the_file_takes_about_the_same_memory(tmp_path: Path) -> None:
    """Peak memory grows by less than three tenths while the file grows fourfold."""
    note = "x" * 200
    block = "".join(f"{1900 + n % 100},{name(n)},{'FM'[n % 2]},{1 + n},{note}\n" for n in range(80_000))
    for times in (1, 4):
        (tmp_path / f"{times}.csv").write_text(HEADER + block * times)
    (lines, small), (more_lines, large) = (lines_and_peak(tmp_path / f"{times}.csv") for times in (1, 4))
    assert (lines, more_lines) == (80_001, 320_001)
    assert large < 1.3 * small


def test_a_file_that_is_one_endless_line_takes_little_memory(tmp_path: Path) -> None:
    """A line of 200 MB is never held as a whole."""
    (tmp_path / "short.csv").write_text(f"{HEADER}1984,Mary,F,1,\n")
    with (tmp_path / "endless.csv").open("w") as file:
        file.write(f"{HEADER}1984,Mary,F,1,\n")
        for _ in range(200):
            file.write("x" * 2**20)
    (lines, short), (more_lines, endless) = (lines_and_peak(tmp_path / name) for name in ("short.csv", "endless.csv"))
    assert (lines, more_lines) == (2, 3)
    assert endless < 1.5 * short


def test_a_year_that_has_all_rows_takes_no_more_memory_than_many_years(tmp_path: Path) -> None:
    """Two million rows of one year are no worse than the same rows in a hundred years."""
    for span in (1, 100):
        with (tmp_path / f"{span}.csv").open("w") as file:
            file.write("Year,Name,Sex,Count\n")
            file.writelines(f"{1900 + n % span},{name(n)},{'FM'[n % 2]},{1 + n}\n" for n in range(2_000_000))
    (lines, many), (more_lines, one) = (lines_and_peak(tmp_path / f"{span}.csv") for span in (100, 1))
    assert lines == more_lines == 2_000_001
    assert one < 1.3 * many


def name(number: int) -> str:
    """A different name for each number."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))

"""What a check says: whether what it asserts holds, with the numbers that say how far, and what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from babynames_assets.warehouse.check_findings import CheckFinding

EXAMPLES = 5
"""Rows that are named of each year, where many are wrong."""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Attributes:
        numbers: how much was looked at and how much is wrong, for a plot.
        findings: what is wrong; nothing where all is well.
        is_doubt: the check could not be made: nothing is known to be wrong, and nothing to be right.
        texts: what else a person wants to see.
    """

    numbers: Mapping[str, int | float] = field(default_factory=dict)
    findings: Sequence[CheckFinding] = ()
    is_doubt: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether what the check asserts holds, as far as it could look."""
        return not self.findings and not self.is_doubt


Verdicts = Mapping[str, Verdict]
"""Check -> what it says."""

"""From the medians to the measures that have goals."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from benchmarks.measure import Samples


class Fastest(NamedTuple):
    """The fastest of some peers, and its time."""

    peer: str
    seconds: float


def measures(samples: Samples, peers: Iterable[str]) -> dict[str, float | str]:
    """The measures of one server, by the names under which the goals know them.

    Args:
        samples: of ``bare``, ``ours``, ``ours_step``, ``ours_rerun``, ``ours_10x``, ``dagster``, and of each peer its
            name and its name with ``_step``.
        peers: those that were measured.
    """
    ours, bare, dagster = (samples.seconds(name) for name in ("ours", "bare", "dagster"))
    step, again, tenfold = (samples.seconds(name) for name in ("ours_step", "ours_rerun", "ours_10x"))
    found: dict[str, float | str] = {
        "load_vs_bare": ours / bare,
        "dagster_extra_seconds": dagster - ours,
        "dagster_beyond_bare_seconds": dagster - bare,
        "step_vs_full": step / ours,
        "rerun_vs_full": again / ours,
        "rss_10x_vs_1x": samples.rss_bytes("ours_10x") / samples.rss_bytes("ours"),
        "rss_10x_bytes": samples.rss_bytes("ours_10x"),
        "time_10x_vs_1x": tenfold / ours,
    }
    full = {peer: samples.seconds(peer) for peer in peers}
    if not full:
        return found
    steps = {peer: samples.seconds(f"{peer}_step") for peer in full}
    fastest, fastest_step = _fastest(full), _fastest(steps)
    return {
        **found,
        **{f"vs_{peer}": seconds / ours for peer, seconds in full.items()},
        "vs_fastest_peer": fastest.seconds / ours,
        "fastest_peer": fastest.peer,
        "step_vs_peer_merge": fastest_step.seconds / step,
        "fastest_peer_merge": fastest_step.peer,
    }


def numbers(found: Mapping[str, float | str]) -> dict[str, float]:
    """Only what can be compared with a goal."""
    return {name: value for name, value in found.items() if not isinstance(value, str)}


def _fastest(seconds: Mapping[str, float]) -> Fastest:
    return min((Fastest(peer, value) for peer, value in seconds.items()), key=lambda found: found.seconds)

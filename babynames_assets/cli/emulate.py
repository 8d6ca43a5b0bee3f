"""``babynames emulate``: local servers that speak the protocols of Kaggle and HubSpot."""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from babynames_assets.cli.services import HUBSPOT_TIER, HUBSPOT_TOKEN
from babynames_assets.emulators import kaggle_versions, serving
from babynames_assets.errors import ConfigurationError
from babynames_assets.hubspot.limits import TIERS
from babynames_assets.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Run a local stand-in for Kaggle or HubSpot; it prints its URL as JSON.")

NEVER = 10**9

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")]
StopWithStdin = Annotated[bool, typer.Option("--stop-with-stdin", help="End when standard input closes.")]


@app.command()
def kaggle(
    folder: Annotated[Path | None, typer.Option(help="Where the dataset's versions are kept.")] = None,
    dataset: Annotated[str | None, typer.Option(help="The dataset that it serves, as owner/slug.")] = None,
    publish: Annotated[
        Path | None, typer.Option(exists=True, help="A .zip or .csv to publish as the next version.")
    ] = None,
    token: Annotated[str | None, typer.Option(help="Ask for this API token. Empty: ask for none.")] = None,
    port: Port = 0,
    stop_with_stdin: StopWithStdin = False,
) -> None:
    """Serve a dataset as Kaggle does: versions, signed download addresses, resumable archives."""
    from babynames_assets.emulators import kaggle as emulator  # noqa: PLC0415 - the other commands need no web server

    settings = load_settings()
    folder = folder or settings.state_folder / "kaggle"
    if publish:
        kaggle_versions.publish(folder, publish)
    app_ = emulator.create_app(folder, dataset=dataset or settings.kaggle.dataset, token=token)
    serving.serve(app_, port=port, announce=_announce, stop_with_stdin=stop_with_stdin)


@app.command()
def hubspot(
    *,
    state: Annotated[Path | None, typer.Option(help="SQLite file of its contacts. Empty: kept in memory.")] = None,
    token: Annotated[
        list[str] | None,
        typer.Option(help=f"A bearer token that it takes; may be given twice. Empty: {HUBSPOT_TOKEN}."),
    ] = None,
    tier: Annotated[str, typer.Option(help=f"Whose limits it enforces: {', '.join(TIERS)}.")] = HUBSPOT_TIER,
    calls_per_window: Annotated[
        int | None, typer.Option(min=0, help="Calls in any ten seconds; 0: no limit. Empty: the tier's.")
    ] = None,
    searches_per_second: Annotated[int, typer.Option(min=0, help="Searches in any second; 0: no limit.")] = 5,
    daily_limit: Annotated[int | None, typer.Option(min=0, help="Calls a day; 0: no limit. Empty: the tier's.")] = None,
    latency: Annotated[
        str, typer.Option(help="Seconds that each answer takes at least: 0.05, or 0.1-2 for anything between.")
    ] = "0.05",
    search_lag: Annotated[float, typer.Option(min=0, help="Seconds after which search knows of a change.")] = 0.0,
    storm: Annotated[str | None, typer.Option(help="Faults on order from the start: a file, or its JSON.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides where faults strike. Empty: the storm's own, or 0.")] = None,
    token_lifetime: Annotated[int, typer.Option(min=1, help="Seconds that OAuth's access tokens are good for.")] = 1800,
    rotate_refresh_token: Annotated[
        bool, typer.Option("--rotate-refresh-token", help="Give another refresh token each time, and end the old one.")
    ] = False,
    port: Port = 0,
    stop_with_stdin: StopWithStdin = False,
) -> None:
    """Serve the CRM API as HubSpot does: batches, properties, limits, partial failures. /_stats tells what came in."""
    from babynames_assets.emulators.hubspot.app import create_app  # noqa: PLC0415 - as above
    from babynames_assets.emulators.hubspot.faults.fault import read_storm  # noqa: PLC0415 - as above
    from babynames_assets.emulators.hubspot.latency import parse_latency  # noqa: PLC0415 - as above
    from babynames_assets.emulators.hubspot.tokens import App  # noqa: PLC0415 - as above

    with _naming("--latency"):
        latencies = parse_latency(latency)
    with _naming("--storm"):
        ordered = read_storm(storm, seed) if storm else None
        app_ = create_app(
            state_file=state,
            token=token or [HUBSPOT_TOKEN],
            tier=tier,
            calls_per_window=calls_per_window,
            searches_per_second=searches_per_second,
            daily_limit=daily_limit,
            latency=latencies,
            search_lag=search_lag,
            storm=ordered,
            seed=seed or 0,
            oauth=App(lifetime=token_lifetime, rotates=rotate_refresh_token),
        )
    # A full collection looks at every contact that is kept: with two millions no request is counted for half a second,
    # and then they all seem to come at once. The first two generations find what requests leave behind.
    gc.set_threshold(*gc.get_threshold()[:2], NEVER)
    serving.serve(app_, port=port, announce=_announce, stop_with_stdin=stop_with_stdin)


@contextmanager
def _naming(option: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{option}: {error}") from error


def _announce(url: str) -> None:
    typer.echo(json.dumps({"url": url}))

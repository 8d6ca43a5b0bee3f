"""Kaggle's API, and the folders that hold what came from it."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from babynames_assets.clients import open_frames, open_kaggle, open_kaggle_watch, open_raw_files
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.kaggle import KaggleDatasets
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.settings import load_settings


class KaggleFactory(dg.ConfigurableResource[KaggleDatasets]):
    """Opens Kaggle's dataset API for a run and closes it afterwards."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[KaggleDatasets]:  # noqa: ARG002 - Dagster's
        """Open a client of the API that the settings name."""
        with open_kaggle(load_settings()) as client:
            yield client


class KaggleWatchFactory(dg.ConfigurableResource[KaggleDatasets]):
    """Opens Kaggle's dataset API for a sensor, which must not wait for it."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[KaggleDatasets]:  # noqa: ARG002 - Dagster's
        """Open a client that tries once and gives up soon."""
        with open_kaggle_watch(load_settings()) as client:
            yield client


class RawFilesFactory(dg.ConfigurableResource[RawFiles]):
    """Finds the folder of raw files, one a dataset version."""

    def create_resource(self, context: dg.InitResourceContext) -> RawFiles:  # noqa: ARG002 - Dagster's signature
        """Open the folder in the state folder."""
        return open_raw_files(load_settings())


class FrameStoreFactory(dg.ConfigurableResource[FrameStore]):
    """Finds the folder of validated frames, one a year."""

    def create_resource(self, context: dg.InitResourceContext) -> FrameStore:  # noqa: ARG002 - Dagster's signature
        """Open the folder in the state folder."""
        return open_frames(load_settings())

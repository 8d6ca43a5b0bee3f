"""Structured logs: one chain for our records and those of the libraries.

On a terminal the lines are for people, elsewhere they are JSON. What ``structlog.contextvars.bind_contextvars`` binds,
such as the Dagster run id as ``correlation_id``, stands in every line of that context.
"""

import logging
import sys
from typing import TextIO

import structlog

_NOISY = ("alembic", "urllib3", "uvicorn.access")


def configure_logging(level: str = "info", *, environment: str = "development", stream: TextIO | None = None) -> None:
    """Send all records of this process to one stream.

    Args:
        level: the least severe level to print.
        environment: name of the installation; it stands in every line.
        stream: where lines go; standard error by default, so that standard output stays machine-readable.
    """
    stream = stream or sys.stderr
    structlog.contextvars.bind_contextvars(environment=environment)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))

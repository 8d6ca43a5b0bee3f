"""What the emulated HubSpot carries: ``python -m benchmarks.emulator``; its last line is JSON.

A benchmark of the sync against it says something of the sync only if the emulator could do more. The client here sends
ready-made requests over plain sockets and reads nothing of the answers but their length, from another core.
"""

import argparse
import json
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.sync import hubspot

BATCH = 100
TICK = 0.01
"""Seconds in which the kernel counts CPU."""
CONNECTIONS = 4
UPSERT = "/crm/objects/2026-03/contacts/batch/upsert"
PROPERTIES = "/crm/properties/2026-03/contacts"
DEFINITIONS = (
    ("baby_name_key", "string", "text"),
    ("gender", "string", "text"),
    ("birth_year", "number", "number"),
    ("births", "number", "number"),
)
PHASES = (("created", 1), ("redundant", 1), ("updated", 2))
"""What a phase's writes do to the contacts, and the births that it sends."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, default=2000, help="batches of each phase")
    parser.add_argument("--state", type=Path, help="measure with this state file, which must not exist")
    options = parser.parse_args(arguments)
    state = ["--state", str(options.state)] if options.state else []
    with hubspot.running([*hubspot.NO_LIMITS, *state]) as account:
        port, process = urlsplit(account.url).port or 0, psutil.Process(account.pid)
        for name, kind, field in DEFINITIONS:
            _call_all(port, [_request(PROPERTIES, definition(name, kind, field))])
        result = {name: _measure(port, process, options.batches, births) for name, births in PHASES}
        memory = process.memory_info().rss // 2**20
    print(json.dumps({"batches": options.batches, **result, "memory_mib": memory}))  # noqa: T201 - its result


def _measure(port: int, process: psutil.Process, batches: int, births: int) -> dict[str, float]:
    requests = [_request(UPSERT, _batch(number, births)) for number in range(batches)]
    cpu, started = sum(process.cpu_times()[:2]), time.perf_counter()
    _call_all(port, requests)
    seconds, used = time.perf_counter() - started, sum(process.cpu_times()[:2]) - cpu
    return {"per_second": round(batches / seconds, 1), "per_cpu_second": round(batches / max(used, TICK), 1)}


def _call_all(port: int, requests: Sequence[bytes]) -> None:
    """Make requests over a few connections; each takes the next one."""
    waiting, lock = iter(requests), threading.Lock()
    failures: list[str] = []

    def work() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while not failures:
                with lock:
                    request = next(waiting, None)
                if request is None:
                    return
                connection.sendall(request)
                status = _answer(connection)
                if status not in (200, 201):
                    failures.append(f"The emulator answered {status}.")

    threads = [threading.Thread(target=work) for _ in range(min(CONNECTIONS, len(requests)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise SystemExit(failures[0])


def _answer(connection: socket.socket) -> int:
    """Read an answer; gives its status."""
    head, _, body = _received(connection).partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().splitlines() if line.startswith(b"content-length:"))
    while len(body) < length:
        body += _received(connection)
    return int(head.split(maxsplit=2)[1])


def _received(connection: socket.socket) -> bytes:
    received = connection.recv(2**18)
    if not received:
        raise SystemExit("The emulator closed a connection.")
    return received


def _request(path: str, body: object) -> bytes:
    content = json.dumps(body, separators=(",", ":")).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: benchmark\r\nAuthorization: Bearer {hubspot.TOKEN}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


def definition(name: str, kind: str, field: str) -> dict[str, object]:
    """A property as HubSpot is asked to make it."""
    is_unique = name == "baby_name_key"
    return {
        "name": name,
        "label": name,
        "type": kind,
        "fieldType": field,
        "groupName": "contactinformation",
        "hasUniqueValue": is_unique,
    }


def _batch(number: int, births: int) -> dict[str, object]:
    return {"inputs": [_input(one, births) for one in range(number * BATCH, (number + 1) * BATCH)]}


def _input(number: int, births: int) -> dict[str, object]:
    key = f"{1900 + number % 100}-F-Name{number}"
    properties = {"firstname": f"Name{number}", "gender": "F", "birth_year": key[:4], "births": str(births)}
    return {
        "id": key,
        "idProperty": "baby_name_key",
        "objectWriteTraceId": f"0123456789abcdef0123456789abcdef-{number % BATCH}",
        "properties": {"baby_name_key": key, **properties},
    }


if __name__ == "__main__":
    main()

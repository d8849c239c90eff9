"""What 50 clients at once see of the service, beside an empty FastAPI route in the same run.

``python benchmarks/service.py`` starts the service with a model of the default features and, beside it, a FastAPI
application with one route that does nothing, each in a process of its own on loopback. 50 clients, each on a connection
that stays open, send the records of one synthetic child after another, wait for the answer and send the next. Slices of
both take turns. The clients are a third process on the same machine, and take their share of its processors.

An error is anything but an answer of status 200 with a risk. The log of the service is searched for the keys of the
children and for the token.

20 seconds of the service by default, ``--full`` 10 minutes; ``--seconds`` and ``--clients`` set others.

The last line is a JSON object. Every limit is the most that the value may be. Milliseconds only inform.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
CLIENTS, SECONDS, FULL_SECONDS, SLICE, EMPTY_SHARE = 50, 20.0, 600.0, 10.0, 0.2
POPULATION, CHILDREN = 6_000, 300
SERVICE, EMPTY = "edgeofcare serve, /v1/score", "empty FastAPI route"


# ---------------------------------------------------------------------------------------------------- preparing


def prepare(path: Path) -> tuple[list[bytes], list[str]]:
    """Train and save a model; bodies of requests for eligible children, and their keys."""
    import edgeofcare as eoc
    from edgeofcare.features.single.records import ChildRecords

    task, features = eoc.Task(), eoc.default_features()
    records = marked(eoc.make_records(POPULATION, random_state=0))
    cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2023-01-01"))
    y = eoc.label_outcome(records, cohort, task)
    X = eoc.build_features(records, cohort, features).loc[y.index]
    model = eoc.make_risk_model("boosting", task=task, random_state=0).fit(X, y)
    eoc.save_model(path, model, features=features, task=task, records=records)
    today = str(records.observed_until.date())
    now = eoc.build_cohort(records, task, index_dates=[today])
    keys = [str(key) for key in now.index.get_level_values("child_id")][:CHILDREN]
    bodies = []
    for key in keys:
        child = ChildRecords.from_records(records, key).to_plain()
        asked = {"schema_version": "1.0", "index_date": today, "children": [child]}
        bodies.append(json.dumps(asked).encode("utf-8"))
    return bodies, keys


def marked(records: Any) -> Any:
    """The same records with keys that nothing else in a log can look like: seven digits may stand in a request's id."""
    from edgeofcare.records.records import Records

    tables = {name: records.table(name) for name in records}
    for frame in tables.values():
        for column in frame.columns.intersection(["child_id", "related_id"]):
            frame[column] = "KIND" + frame[column]
    return Records.from_tables(tables, observed_until=records.observed_until)


@contextmanager
def process(words: list[str], log: Path, **environment: str) -> Iterator[None]:
    """A server while it is needed; its log is kept."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    with log.open("wb") as file:
        started = subprocess.Popen(words, stdout=file, stderr=file, env={**os.environ, **one, **environment})
        try:
            yield
        finally:
            started.terminate()
            started.wait(60)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(600):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    msg = "a server did not start"
    raise SystemExit(msg)


def serve_empty(port: int) -> None:
    """The peer: one route that does nothing, served as the service is."""
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()

    @app.post("/v1/score")
    async def empty() -> dict[str, str]:
        return {}

    uvicorn.run(app, port=port, log_config=None, access_log=False)


# ------------------------------------------------------------------------------------------------------ clients


async def client(port: int, bodies: list[bytes], number: int, token: str, until: float, found: dict[str, Any]) -> None:
    """Send one request after another until the time is over."""
    reader = writer = None
    while time.perf_counter() < until:
        number += 1
        begin = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(bodies[number % len(bodies)], token))
            status, answer = await read_answer(reader)
        except (OSError, EOFError, ValueError) as error:
            found["errors"].append(type(error).__name__)
            writer = None
            continue
        found["seconds"].append(time.perf_counter() - begin)
        if status != 200 or (found["risks"] and json.loads(answer)["scores"][0].get("risk") is None):
            found["errors"].append(status)
    if writer is not None:
        writer.close()
        await writer.wait_closed()


def request(body: bytes, token: str) -> bytes:
    """A request as it is sent."""
    lines = ("POST /v1/score HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}",
             "Content-Type: application/json", f"Content-Length: {len(body)}", "", "")  # fmt: skip
    return "\r\n".join(lines).encode("ascii") + body


async def read_answer(reader: Any) -> tuple[int, bytes]:
    """Status and body of an answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.split("content-length:")[1].split("\r\n")[0])
    return int(head.split(" ")[1]), await reader.readexactly(length)


async def clients(
    count: int, port: int, bodies: list[bytes], token: str, seconds: float, found: dict[str, Any]
) -> None:
    """Let all clients work for a while."""
    until = time.perf_counter() + seconds
    step = max(1, len(bodies) // count)
    await asyncio.gather(*(client(port, bodies, step * each, token, until, found) for each in range(count)))


# ------------------------------------------------------------------------------------------------------- result


def measure(seconds: float, count: int, folder: Path) -> dict[str, Any]:
    """Let the clients work on both, and return the goals."""
    bodies, keys = prepare(folder / "model.eoc")
    ports, token, log = {SERVICE: free_port()}, secrets.token_urlsafe(32), folder / "service.log"
    ports[EMPTY] = free_port()
    words = [sys.executable, "-m", "edgeofcare", "serve", str(folder / "model.eoc"), "--port", str(ports[SERVICE]),
             "--rate", "1000000", "--burst", "1000000"]  # fmt: skip
    empty = [sys.executable, str(HERE), "--empty", str(ports[EMPTY])]
    found: dict[str, dict[str, Any]] = {
        name: {"seconds": [], "errors": [], "risks": name == SERVICE, "time": 0.0} for name in ports
    }
    with process(words, log, EDGEOFCARE_TOKENS=token), process(empty, folder / "empty.log"):
        for port in ports.values():
            wait_for(port)
        asyncio.run(clients(2, ports[SERVICE], bodies, token, 1.0, {"seconds": [], "errors": [], "risks": True}))
        while found[SERVICE]["time"] < seconds:
            for name, port in ports.items():
                part = min(SLICE, seconds) * (1.0 if name == SERVICE else EMPTY_SHARE)
                found[name]["time"] += part
                asyncio.run(clients(count, port, bodies, token, part, found[name]))
    show(found, count, len(bodies))
    text = log.read_text(encoding="utf-8")
    lines = sum('"event": "request"' in line for line in text.splitlines())
    print(f"log: {lines:,} requests")
    named = sum(word in text for word in [*keys, token])
    if named:
        lines_of = [json.loads(line) for line in text.splitlines() if any(word in line for word in [*keys, token])]
        where = {
            name for line in lines_of for name, value in line.items() if any(w in str(value) for w in [*keys, token])
        }
        print(f"keys or tokens stand in: {', '.join(sorted(where))}")
    return {
        "errors": goal(len(found[SERVICE]["errors"]), 0),
        "errors_of_the_empty_route": goal(len(found[EMPTY]["errors"]), 0),
        "keys_and_tokens_in_the_log": goal(named, 0),
        "requests_without_a_line_in_the_log": goal(max(0, len(found[SERVICE]["seconds"]) - lines), 0),
    }


def show(found: dict[str, dict[str, Any]], count: int, children: int) -> None:
    """Print what the clients saw."""
    print(f"{count} clients at once, {children} children, one a request")
    print(f"{'':30}{'seconds':>9}{'requests':>10}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'most ms':>9}{'errors':>8}")
    for name, each in found.items():
        took = sorted(each["seconds"])
        p50, p99 = (1e3 * took[min(len(took) - 1, int(share * len(took)))] for share in (0.5, 0.99))
        rate = len(took) / each["time"]
        print(f"{name:30}{each['time']:>9.0f}{len(took):>10,}{rate:>10.0f}{p50:>9.1f}{p99:>9.1f}{1e3 * took[-1]:>9.0f}"
              f"{len(each['errors']):>8}")  # fmt: skip
        if each["errors"]:
            print(f"  errors: {sorted(set(map(str, each['errors'])))}")


def goal(value: float, limit: float) -> dict[str, float | bool]:
    """One goal: the value may be at most the limit."""
    return {"value": value, "limit": limit, "holds": bool(value <= limit)}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="What clients see of the service beside an empty route.")
    parser.add_argument("--empty", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--full", action="store_true", help=f"{FULL_SECONDS / 60:g} minutes")
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    options = parser.parse_args()
    if options.empty:
        serve_empty(options.empty)
        return
    seconds = options.seconds or (FULL_SECONDS if options.full else SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        goals = measure(seconds, options.clients, Path(folder))
    print(json.dumps({"name": "service", "goals": goals}))


if __name__ == "__main__":
    main()

"""Who opens connections and asks nothing is closed, keeps nobody out, and does not fill the log."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import socket
import ssl
import sys
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from asgi_calls import TOKEN
from edgeofcare.service import logs
from edgeofcare.service.connections import most_connections
from edgeofcare.service.logs import Log, other_lines
from running_service import running
from served_models import request_for, saved

BEGINNING = b"POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Never-Ends: "
HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
FULL = "Too many connections"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("connections") / "model.eoc")


@pytest.fixture(scope="module")
def hasty(path):
    with running(path, "--header-timeout", 1, "--connections", 1000) as found:
        yield found


def opened(service, *parts):
    """A connection on which something was sent."""
    found = socket.create_connection(("127.0.0.1", service.port), timeout=15)
    for part in parts:
        found.sendall(part)
    return found


def is_closed(found):
    """Whether the other end closes the connection, read until it does."""
    try:
        while found.recv(65536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def dripped(found, seconds):
    """Whether the other end closes the connection while a letter comes every tenth of a second."""
    found.settimeout(0.1)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            found.sendall(b"a")
        except ConnectionError:
            return True
        if is_closed(found):
            return True
    return False


@pytest.mark.parametrize("parts", [(), (BEGINNING,), (HEALTH, BEGINNING)])
def test_a_connection_without_a_whole_header_is_closed(hasty, parts):
    with opened(hasty, *parts) as found:
        assert is_closed(found)


@pytest.mark.parametrize("first", [b"", HEALTH])
def test_a_header_that_comes_letter_by_letter_is_closed(hasty, first):
    with opened(hasty, first + BEGINNING) as found:
        assert dripped(found, 10)


def test_a_body_that_comes_letter_by_letter_after_its_refusal_is_closed(hasty):
    head = b"POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n"
    with opened(hasty, head) as found:
        assert dripped(found, 10)


def test_a_request_that_has_begun_is_not_hurried(hasty):
    connection, body = hasty.connection(), json.dumps(request_for(0)).encode()
    connection.putrequest("POST", "/v1/score")
    for name, value in (("Authorization", f"Bearer {TOKEN}"), ("Content-Type", "application/json")):
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:100])
    time.sleep(1.5)
    connection.send(body[100:])
    assert connection.getresponse().status == 200
    connection.close()


def test_a_connection_is_used_again(hasty):
    connection = hasty.connection()
    for _ in range(3):
        connection.request("GET", "/health")
        assert connection.getresponse().read()
        time.sleep(0.5)  # longer in all than one request may take to begin
    connection.close()


def test_silent_connections_keep_nobody_out(path):
    with running(path, "--header-timeout", 60, "--connections", 5) as service:
        silent = [opened(service, BEGINNING) for _ in range(4)] + [opened(service, HEALTH)]
        assert [service.ask("POST", "/v1/score", request_for(0))[0] for _ in range(6)] == [200] * 6
        more = [opened(service, BEGINNING) for _ in range(30)]
        assert service.ask("GET", "/health")[0] == 200
        assert is_closed(silent[0])
        for each in silent + more:
            each.close()
        service.ask("GET", "/health")
        said = [line for line in service.lines if FULL in str(line.get("said"))]
    assert len(said) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine, with its key in the same file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(dt.datetime(2020, 1, 1)).not_valid_after(dt.datetime(2100, 1, 1))
    told = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    path.write_bytes(told + secret)
    return path


def test_a_connection_that_never_begins_its_encryption_is_closed(path, certificate):
    with running(path, "--header-timeout", 1, "--certfile", certificate, "--keyfile", certificate) as service:
        with opened(service) as found:
            assert is_closed(found)
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        with context.wrap_socket(opened(service)) as found:
            found.sendall(HEALTH)
            assert found.recv(15) == b"HTTP/1.1 200 OK"
            assert is_closed(found)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_connections_leave_room_for_other_files(monkeypatch):
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    assert [most_connections(wanted) for wanted in (100, 250)] == [100, 128]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert most_connections(250) == 250


def test_a_line_of_the_server_is_written_once_a_minute(monkeypatch):
    now, stream = [0.0], io.StringIO()
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    with other_lines(Log(stream)):
        server = logging.getLogger("uvicorn.error")
        for now[0] in (0.0, 1.0, 59.0, 61.0, 200.0):
            server.warning("Invalid HTTP request received.")
            if now[0] == 1.0:
                server.warning("Another line")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["said"][:7] for line in lines] == ["Invalid", "Another", "Invalid", "Invalid"]
    assert [line.get("not_written") for line in lines] == [None, None, 2, None]

"""The service as a process of its own, on loopback and a free port."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager

from asgi_calls import TOKEN

__all__ = ["Running", "running"]


class Running:
    """A process that serves, with the lines of its log."""

    def __init__(self, process):
        self.process, self.lines, self.port = process, [], 0
        self._started = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        """Keep each line; the one that says that it starts has the port, that of the server that it is ready."""
        for text in self.process.stderr:
            self.lines.append(json.loads(text) if text.startswith("{") else {"event": "text", "said": text})
            self.port = self.lines[-1].get("port", self.port)
            if "startup complete" in str(self.lines[-1].get("said")):
                self._started.set()
        self._started.set()

    def wait(self):
        """Wait until it is ready."""
        assert self._started.wait(60)
        assert self.process.poll() is None, self.lines
        return self

    def until(self, event, said="", timeout=60):
        """Wait for a line of the log."""
        for _ in range(timeout * 100):
            found = [line for line in self.lines if line["event"] == event and said in str(line.get("said", ""))]
            if found:
                return found[-1]
            threading.Event().wait(0.01)
        raise AssertionError(self.lines)

    def connection(self):
        """A connection to it."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(self, method, path, body=None, *, token=TOKEN):
        """One request."""
        connection = self.connection()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, data

    def stop(self):
        """Tell it to end, and wait for it."""
        self.process.terminate()
        code = self.process.wait(60)
        self._reader.join(10)
        return code


@contextmanager
def running(*words, tokens=TOKEN):
    """A running service."""
    environment = {name: value for name, value in os.environ.items() if name != "EDGEOFCARE_TOKENS"}
    environment |= {"EDGEOFCARE_TOKENS": tokens} if tokens else {}
    command = [sys.executable, "-m", "edgeofcare", "serve", *map(str, words), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        yield Running(process).wait()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(60)
        process.stderr.close()

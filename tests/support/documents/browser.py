"""A headless Chromium that a page is opened in, driven over a pipe: what it writes, fetches, and how it prints."""

import base64
import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count
from select import select
from tempfile import TemporaryDirectory

import pytest

OPTIONS = ("--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", "--no-first-run")
SILENCE = 60
"""Seconds after which a browser that says nothing has failed."""
LOGGED = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
PAPER = {"A4": (8.27, 11.69), "Letter": (8.5, 11.0)}
AXE = """axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations.map(
    rule => rule.id + ': ' + rule.nodes.slice(0, 3).map(node => node.target.join(' ')).join(', '))))"""


@dataclass
class Opened:
    """A page as a browser shows it: `logged` is what it wrote to the console, `fetched` what else it asked for."""

    session: "Session"
    logged: list = field(default_factory=list)
    fetched: list = field(default_factory=list)

    def value(self, script):
        """Return what a script comes to in the page."""
        found = self.session.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def findings(self):
        """Return what axe finds against the rules of accessibility, a line each."""
        self.value(f"{files('axe_core_python').joinpath('axe.min.js').read_text(encoding='utf-8')};0")
        return json.loads(self.value(AXE))

    def too_wide(self):
        """Return by how many pixels the page is wider than its window."""
        return self.value("document.documentElement.scrollWidth - window.innerWidth")

    def printed_sides(self, paper):
        """Return on how many sides of A4 or Letter it is printed."""
        width, height = PAPER[paper]
        pdf = self.session.call("Page.printToPDF", paperWidth=width, paperHeight=height, printBackground=True)
        return len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(pdf["data"])))

    def picture(self):
        """Return the whole page as a PNG."""
        return base64.b64decode(self.session.call("Page.captureScreenshot", captureBeyondViewport=True)["data"])


class Session:
    """One page of a browser, and the messages to and from it."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.numbers, self.id, self.events = reader, writer, count(1), None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.id = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Return the answer of the browser to a message; what it tells meanwhile is kept."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.id is not None:
            message["sessionId"] = self.id
        self.writer.write(json.dumps(message).encode() + b"\0")
        self.writer.flush()
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def _next(self):
        found = bytearray()
        while not found.endswith(b"\0"):
            assert select([self.reader], [], [], SILENCE)[0], "the browser is silent"
            part = self.reader.read(1)
            assert part, "the browser ended"
            found += part
        return json.loads(found[:-1])

    def until(self, method):
        """Read what the browser tells until an event."""
        while all(event.get("method") != method for event in self.events):
            self.events.append(self._next())

    def open(self, path, width=1280, is_dark=False):
        """Return a page of this path in a window so wide, in light or dark."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.until("Page.loadEventFired")
        opened = Opened(self)
        opened.value("document.fonts.ready.then(() => 0)")
        opened.logged += [event["params"] for event in self.events if event.get("method") in LOGGED]
        asked = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        opened.fetched += [url for url in asked if url != path.as_uri()]
        return opened


@contextmanager
def browsing():
    """Yield a session of Chromium; the test is skipped where it is not installed."""
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed")
    from_us, to_us = os.pipe(), os.pipe()
    with TemporaryDirectory() as profile:
        options = (*OPTIONS, "--remote-debugging-pipe", f"--user-data-dir={profile}")

        def as_3_and_4():
            read, write = os.dup(from_us[0]), os.dup(to_us[1])
            os.dup2(read, 3)
            os.dup2(write, 4)

        process = subprocess.Popen(
            [browser, *options],
            close_fds=False,
            preexec_fn=as_3_and_4,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us[0])
        os.close(to_us[1])
        with os.fdopen(to_us[0], "rb", buffering=0) as reader, os.fdopen(from_us[1], "wb") as writer:
            try:
                yield Session(reader, writer)
            finally:
                process.kill()
                process.wait()

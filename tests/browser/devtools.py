"""Drives a headless Chromium by the DevTools protocol over a pair of pipes: nothing but Python and Chromium is needed."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-pipe",
]
PATIENCE_S = 60


class Browser:
    """A Chromium with a profile of its own, gone with it."""

    def __init__(self, program="chromium"):
        self.profile = tempfile.mkdtemp(prefix="stscan-browser-")
        (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()

        def hand_over():
            # The protocol is spoken on descriptors 3 and 4. Copies are made first, for the pipes may have these very numbers.
            read, write = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=hand_over, close_fds=False,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.reading, self.writing = os.fdopen(ours_in, "rb", buffering=0), os.fdopen(ours_out, "wb", buffering=0)
        self.unread, self.events, self.last_id = b"", [], 0

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        shutil.rmtree(self.profile, ignore_errors=True)

    def command(self, method, session=None, **params):
        """Sends a command and waits for its answer; events that come meanwhile are kept."""
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self.writing.write(json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            answer = self._message()
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)
        raise TimeoutError(method)

    def _message(self):
        while b"\0" not in self.unread:
            more = self.reading.read(1 << 16)
            if not more:
                raise RuntimeError("Chromium has ended")
            self.unread += more
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)


class Page:
    """A tab."""

    def __init__(self, browser, width=1280, height=900):
        self.browser = browser
        target = browser.command("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.command(f"{domain}.enable")
        self.size(width, height)

    def command(self, method, **params):
        return self.browser.command(method, session=self.session, **params)

    def events(self, method):
        """The parameters of all events of a kind so far."""
        return [event["params"] for event in self.browser.events if event.get("method") == method and event.get("sessionId") == self.session]

    def size(self, width, height, scale=1):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)

    def theme(self, name):
        """What the system prefers: light or dark, and that nothing moves, so that a click meets what it aims at."""
        features = {"prefers-color-scheme": name, "prefers-reduced-motion": "reduce"}
        self.command("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in features.items()])

    def open(self, url):
        """Opens a page and waits until it is loaded; gives the milliseconds until then, by the browser's own clock."""
        self.command("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")
        return self.run("performance.getEntriesByType('navigation')[0]?.loadEventEnd ?? performance.now()")

    def run(self, expression):
        """The value of an expression, promises awaited."""
        answer = self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition):
        """Waits until an expression is true."""
        end = time.monotonic() + PATIENCE_S
        while not self.run(f"Boolean({condition})"):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.02)

    def key(self, key, code=None, modifiers=0, text=None):
        """Presses and releases a key."""
        numbers = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}
        known = {"key": key, "code": code or key, "modifiers": modifiers, "windowsVirtualKeyCode": numbers.get(key, 0)}
        if key == "Enter":
            text = "\r"
        self.command("Input.dispatchKeyEvent", type="keyDown", **known, **({"text": text} if text else {}))
        self.command("Input.dispatchKeyEvent", type="keyUp", **known)

    def type(self, text):
        self.command("Input.insertText", text=text)

    def click(self, selector):
        """Clicks into the middle of an element, as a mouse does."""
        box = self.run(f"""(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: "center", behavior: "instant"}});
            const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def screenshot(self, path, quality=None, whole=False):
        """PNG, or WebP by the ending of the path."""
        options = {"format": "webp", "quality": quality or 80} if path.endswith("webp") else {"format": "png"}
        answer = self.command("Page.captureScreenshot", captureBeyondViewport=whole, **options)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def pdf(self):
        """The page as it prints on A4."""
        return base64.b64decode(self.command("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)["data"])

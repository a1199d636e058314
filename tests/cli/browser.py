"""A browser that is driven as a person does it: Chromium without a head, by its DevTools protocol over a pipe."""

import json
import os
import select
import signal
import subprocess
import time

DEADLINE = 120


class Browser:
    """One page. What its console said and what it threw is in `complaints`."""

    def __init__(self, program, profile, env):
        inside, self._out = os.pipe()
        self._in, outside = os.pipe()
        high = [os.dup2(fd, number, inheritable=True) for fd, number in ((inside, 203), (outside, 204))]
        self._process = subprocess.Popen(
            ("bash", "-c", 'exec "$0" "$@" 3<&203 4>&204', program, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, pass_fds=high, start_new_session=True,
        )  # fmt: skip
        for fd in (inside, outside, *high):
            os.close(fd)
        self._number, self._rest, self._session, self.complaints = 0, b"", None, []
        self._session = self.call("Target.attachToTarget", targetId=self._page(), flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log":
            self.call(f"{domain}.enable")

    def _page(self):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            for target in self.call("Target.getTargets")["targetInfos"]:
                if target["type"] == "page":
                    return target["targetId"]
        raise AssertionError("the browser has no page")

    def _message(self):
        end = time.monotonic() + DEADLINE
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("the browser says nothing")
            said = os.read(self._in, 1 << 20)
            if not said:
                raise AssertionError("the browser has ended")
            self._rest += said
        text, self._rest = self._rest.split(b"\0", 1)
        return json.loads(text)

    def _note(self, message):
        if message.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.complaints.append(json.dumps(message["params"])[:500])
        return message

    def call(self, method, **params):
        self._number += 1
        request = {"id": self._number, "method": method, "params": params}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._out, json.dumps(request).encode() + b"\0")
        while (answer := self._note(self._message())).get("id") != self._number:
            pass
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, url, width=1280, height=1600, media=()):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in media])
        self.call("Page.navigate", url=url)
        end = time.monotonic() + DEADLINE
        while self.value("document.readyState + location.href") != f"complete{url}":
            if time.monotonic() > end:
                raise AssertionError(f"{url} does not load")

    def value(self, expression):
        """What this JavaScript expression is on the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def place(self, selector, across=0.5):
        """A point of the first such element, which is brought into view."""
        box = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{box}.scrollIntoView({{block: 'center'}})")
        x, y, width, height = self.value(f"(({{x, y, width, height}}) => [x, y, width, height])({box}.getBoundingClientRect())")
        return x + width * across, y + height / 2

    def mouse(self, kind, point, **more):
        self.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=point[0], y=point[1], **more)

    def hover(self, selector, across=0.5):
        self.mouse("Moved", self.place(selector, across))

    def drag(self, selector, start, end):
        first, last = self.place(selector, start), self.place(selector, end)
        self.mouse("Pressed", first, button="left", clickCount=1)
        self.mouse("Moved", last, button="left", buttons=1)
        self.mouse("Released", last, button="left", clickCount=1)

    def click(self, selector, times=1):
        point = self.place(selector)
        for count in range(1, times + 1):
            self.mouse("Pressed", point, button="left", clickCount=count)
            self.mouse("Released", point, button="left", clickCount=count)

    def close(self):
        os.close(self._out)
        os.close(self._in)
        os.killpg(self._process.pid, signal.SIGKILL)  # its helpers, too, which write to the profile
        self._process.wait()

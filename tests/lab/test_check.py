#!/usr/bin/python3 -B
"""`check` and `ping` as people and monitoring call them, where something answers.

    floatprobe check, ping ───────── router ─────────┬────── boot-01
    text, json, nagios                 ╳ return      └────── boot-02
"""

import base64
import time

from lab import Failure
from provider import DOWN, QUICK, main, scenario


def require(condition, what):
    if not condition:
        raise Failure(what)


def floatprobe(net, *arguments, status):
    return net.client.run(net.program("floatprobe"), *arguments, status=status).stdout


@scenario
def defaults(net):
    """No option at all: ten probes a path."""
    check = net.check(options=())
    check.rest_is_healthy()
    check.expect({}, sent=10)


@scenario
def one_target(net):
    """--target narrows what is probed, not whom evidence may be asked from."""
    net.cut("return", net.plan.floating)
    check = net.check(options=(*QUICK, "--target", "bootnode"))
    check.expect({}, **DOWN, target="bootnode", direction="return", cause="unexplained")


@scenario
def thresholds(net):
    """The paths work, but not as well as the targets say."""
    targets = list(net.targets())
    targets[0] |= {"warn": {"rtt": "1us"}}
    targets[1] |= {"warn": {"rtt": "1us"}, "critical": {"rtt": "2us"}}
    targets[2] |= {"warn": {"loss": "10%", "rtt": "10s"}}
    check = net.check(targets)
    for name, threshold in ("boot-01", "warn"), ("boot-02", "critical"):
        for row in check.expect({"target": name}, state="up", cause="none", expected=False, threshold=threshold):
            check.told(row, f"{threshold}.rtt")
    check.rest_is_healthy()
    shown = floatprobe(net, "check", net.config(targets), *QUICK, "--format", "nagios", status=2)
    lines = shown.splitlines()
    require(any(line.startswith("boot-01 ") and line.endswith(" tcp: up beyond warn") for line in lines), shown)
    require("ms;0.001;0.002;0;" in shown, shown)
    floatprobe(net, "check", net.config(), *QUICK, "-w", "10s,50%", "--critical", "20s", status=0)
    shown = floatprobe(net, "check", net.config(), *QUICK, "-w", "1us", "--format", "nagios", status=1)
    require("WARNING" in shown, shown)


@scenario
def quick(net):
    """Over as soon as the last answer is there, and not later than the timeout."""
    config = net.config()
    began = time.monotonic()
    floatprobe(net, "check", config, "--quick", "--timeout", "30s", status=0)
    require(time.monotonic() - began < 10, "it waited for something")
    net.cut("return", net.plan.floating)
    began = time.monotonic()
    check = net.check(options=("--quick", "--timeout", "300ms"))
    require(time.monotonic() - began < 2, "it waited for more than the timeout")
    check.expect({"target": "bootnode"}, **DOWN, sent=1, direction="unknown", cause="unexplained")
    check.expect({}, sent=1)


@scenario
def deadline(net):
    began = time.monotonic()
    check = net.check(options=("--count", "1000", "-t", "700ms"))
    require(time.monotonic() - began < 4, "it did not end")
    for row in check.rows:
        require(0 < row["sent"] < 100 and row["state"] == "up", row)


@scenario
def text(net):
    config = net.config()
    shown = floatprobe(net, "check", "--config", config, *QUICK, status=0)
    require("bootnode" in shown and net.plan.floating in shown, shown)
    require("\x1b" not in shown, f"colour in a pipe: {shown!r}")
    net.cut("return", net.plan.floating, "udp")
    shown = floatprobe(net, "check", "--config", config, *QUICK, status=1)
    require("return" in shown and "protocol-filtered" in shown, shown)


@scenario
def nagios(net):
    config = net.config()
    for break_it, status, word in (
        (lambda: None, 0, "OK"),
        (lambda: net.cut("forward", net.plan.floating), 2, "CRITICAL"),
    ):
        break_it()
        shown = floatprobe(net, "check", "--config", config, *QUICK, "--format", "nagios", status=status)
        require(word in shown and shown.count("\n") == (1 if status == 0 else 2), shown)
        require(status == 0 or " udp/512 held, udp/512 fresh, tcp: down" in shown.splitlines()[1], shown)  # each that fails


@scenario
def ping(net):
    """The same without a configuration file."""
    key = base64.b64decode(net.servers["boot-01"].key.removeprefix("ed25519:"))
    key = base64.urlsafe_b64encode(key).decode().rstrip("=")
    address = net.plan.floating if net.plan.nft == "ip" else f"[{net.plan.floating}]"
    options = ("--key", f"{net.files}/fra-home.key", "--vantage", "fra-home", *QUICK)
    shown = floatprobe(net, "ping", f"floatprobe://{key}@{address}?proto=udp,tcp", *options, status=0)
    require(net.plan.floating in shown and "3 paths up" in shown, shown)
    net.cut("forward", net.plan.floating)
    floatprobe(net, "ping", f"floatprobe://{key}@{address}", *options, status=1)


if __name__ == "__main__":
    main()

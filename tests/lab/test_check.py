#!/usr/bin/python3 -B
"""`check` and `ping` as people and monitoring call them, where something answers.

    floatprobe check, ping ───────── router ─────────┬────── boot-01
    text, json, nagios                 ╳ return      └────── boot-02
"""

import base64

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
        require(word in shown and shown.count("\n") == 1, shown)


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

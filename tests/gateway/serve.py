#!/usr/bin/python3
"""Runs a command with a gateway of a separate grid. Returns the command's exit status.

  serve.py [--access] BROKER GATEWAY COMMAND [ARGUMENTS...]

The command's environment has RINGSIDE_GATEWAY_URL, the grid's name in RINGSIDE_GATEWAY_GRID, and in
RINGSIDE_GATEWAY_STOP and RINGSIDE_GATEWAY_START shell commands that stop the gateway and start it
again. With --access the gateway requires credentials: RINGSIDE_GATEWAY_TOKEN may do everything,
RINGSIDE_GATEWAY_READER_TOKEN may only read.
"""

import os
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile

LONG_MS = "3600000"  # longer than any test


def wait_for_ready(process):
    line = process.stdout.readline()
    if not line.startswith("ready"):
        sys.exit(f"{process.args[0]} does not start")


def free_port():
    """Below the range of ephemeral ports, so that it stays free while the gateway is away."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        end = int(file.read().split()[0])
    for _ in range(1000):
        port = random.randrange(max(1024, end - 16384), end)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    sys.exit("no port is free")


def stop(pid):
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass


RULES = """
[[rule]]
name = "the operator may do everything"
users = ["operator"]
actions = ["read", "write", "create", "delete", "publish", "subscribe", "call", "provide"]
patterns = ["**", "$sys/**"]

[[rule]]
name = "the reader may read"
users = ["reader"]
actions = ["read", "subscribe"]
patterns = ["**", "$sys/**"]
"""


def write_access(gateway_path, path):
    """Writes a configuration with two users. Returns their keys, as environment variables."""
    keys = {}
    text = RULES
    for user, variable in (("operator", "RINGSIDE_GATEWAY_TOKEN"), ("reader", "RINGSIDE_GATEWAY_READER_TOKEN")):
        made = subprocess.run([gateway_path, "make-key"], capture_output=True, check=True, text=True).stdout
        keys[variable] = re.search(r"rsk_\S+", made).group()
        text += "\n" + made.replace('user = ""', f'user = "{user}"')
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return keys


def main():
    arguments = sys.argv[1:]
    has_access = arguments[0] == "--access"
    broker_path, gateway_path, *command = arguments[has_access:]
    grid = f"serve-{os.getpid()}"
    address = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as directory:
        pid_file = os.path.join(directory, "pid")
        configuration = os.path.join(directory, "gateway.toml")
        keys = write_access(gateway_path, configuration) if has_access else {}
        gateway = shlex.join([gateway_path, "--grid", grid, "--listen", address, "--drain-ms", "500",
                              "--idle-timeout-ms", LONG_MS, "--broker-timeout-ms", LONG_MS,
                              *(["--config", configuration] if has_access else [])])
        # The output of the former gateway must not be taken for that of the new one.
        start = (f"rm -f {directory}/out; {gateway} >{directory}/out 2>{directory}/log & echo $! >{pid_file}; "
                 f"until grep -qs ready {directory}/out; do sleep 0.02; done")
        broker = subprocess.Popen([broker_path, "--grid", grid, "--memory", "64MiB"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            wait_for_ready(broker)
            subprocess.run(start, shell=True, check=True, timeout=180)
            environment = dict(
                os.environ,
                **keys,
                RINGSIDE_GATEWAY_URL=f"http://{address}",
                RINGSIDE_GATEWAY_GRID=grid,
                RINGSIDE_GATEWAY_STOP=f"kill $(cat {pid_file}); "
                                      f"while kill -0 $(cat {pid_file}) 2>/dev/null; do sleep 0.02; done",
                RINGSIDE_GATEWAY_START=start)
            return subprocess.run(command, env=environment).returncode
        finally:
            if os.path.exists(pid_file):
                with open(pid_file) as file:
                    stop(int(file.read()))
            broker.terminate()
            broker.wait()


if __name__ == "__main__":
    sys.exit(main())

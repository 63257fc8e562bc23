#!/usr/bin/python3
"""Runs a command beside a gateway of a grid of its own; its exit status is the command's.

  serve.py BROKER GATEWAY COMMAND [ARGUMENTS...]

The command finds in its environment RINGSIDE_GATEWAY_URL, and in RINGSIDE_GATEWAY_STOP and
RINGSIDE_GATEWAY_START shell commands that take the gateway away and bring it back.
"""

import os
import random
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
    """One below those that the system gives to whoever asks for any: it stays free while the gateway is away."""
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


def main():
    broker_path, gateway_path, *command = sys.argv[1:]
    grid = f"serve-{os.getpid()}"
    address = f"127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as directory:
        pid_file = os.path.join(directory, "pid")
        gateway = shlex.join([gateway_path, "--grid", grid, "--listen", address, "--drain-ms", "500",
                              "--idle-timeout-ms", LONG_MS, "--broker-timeout-ms", LONG_MS])
        # What the one before it said is not what this one says.
        start = (f"rm -f {directory}/out; {gateway} >{directory}/out 2>{directory}/log & echo $! >{pid_file}; "
                 f"until grep -qs ready {directory}/out; do sleep 0.02; done")
        broker = subprocess.Popen([broker_path, "--grid", grid, "--memory", "64MiB"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            wait_for_ready(broker)
            subprocess.run(start, shell=True, check=True, timeout=180)
            environment = dict(
                os.environ,
                RINGSIDE_GATEWAY_URL=f"http://{address}",
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

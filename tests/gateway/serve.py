#!/usr/bin/python3
"""Runs a command beside a gateway of a grid of its own; its exit status is the command's.

  serve.py BROKER GATEWAY COMMAND [ARGUMENTS...]

The command finds in its environment RINGSIDE_GATEWAY_URL, and in RINGSIDE_GATEWAY_STOP and
RINGSIDE_GATEWAY_START shell commands that take the gateway away and bring it back.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile


def wait_for_ready(process):
    line = process.stdout.readline()
    if not line.startswith("ready"):
        sys.exit(f"{process.args[0]} does not start")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
        gateway = shlex.join([gateway_path, "--grid", grid, "--listen", address, "--drain-ms", "500"])
        # What the one before it said is not what this one says.
        start = (f"rm -f {directory}/out; {gateway} >{directory}/out 2>{directory}/log & echo $! >{pid_file}; "
                 f"until grep -qs ready {directory}/out; do sleep 0.02; done")
        broker = subprocess.Popen([broker_path, "--grid", grid, "--memory", "64MiB"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            wait_for_ready(broker)
            subprocess.run(start, shell=True, check=True, timeout=60)
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

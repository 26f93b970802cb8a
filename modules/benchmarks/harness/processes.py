"""Starts and stops what is measured. Every process that starts here ends with the harness, whatever becomes of that."""

import ctypes
import json
import os
import re
import signal
import subprocess
import time

from harness import peers

START_SECONDS = 60
STOP_SECONDS = 15
READY = re.compile(r"^ready (\d+)$|^listener echo: \w+://[\d.]+:(\d+)|^(listener echo: unix:)", re.MULTILINE)
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Failed(Exception):
    """A server did not start, or the load generator saw a wrong byte, a lost connection, or silence."""


def confined_to(cores):
    """What a child does before it becomes another program: it stays on these cores, and dies with its parent."""
    libc = ctypes.CDLL(None)

    def confine():
        os.sched_setaffinity(0, cores)
        libc.prctl(DIE_WITH_PARENT, signal.SIGKILL)

    return confine


class Server:
    """A running server; a context manager that stops it."""

    def __init__(self, peer, kind, cores, directory):
        self.peer = peer
        self.kind = kind
        socket = directory / f"{peer.name}.sock"
        socket.unlink(missing_ok=True)
        self.log = directory / f"{peer.name}-{kind}.log"
        command = [str(word) for word in peer.command(kind, socket, directory)]
        with self.log.open("wb") as log:
            # Its own session, so that Ctrl-C reaches the harness only, which then stops it in good order.
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=os.environ | peer.environment, start_new_session=True,
                                            preexec_fn=confined_to(cores))
        try:
            port = self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        self.pid = self.process.pid
        self.target = {"unix": f"unix:{socket}", "udp": f"udp:127.0.0.1:{port}", "quic": f"quic://127.0.0.1:{port}"}.get(
            kind, f"tcp:127.0.0.1:{port}")

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ready = READY.search(self.log.read_text(errors="replace"))
            if ready:
                return int(ready.group(1) or ready.group(2) or 0)
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise Failed(f"{self.peer.title} did not start: {self.log.read_text(errors='replace')[-400:].strip()}")

    def resident_kilobytes(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start(command, cores, **more):
    """A load generator whose output is for result_of."""
    return subprocess.Popen([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            start_new_session=True, preexec_fn=confined_to(cores), **more)


def start_load(server, cores, arguments, **pipes):
    flags = {"tls": ["--tls"], "http1": ["--http"]}.get(server.kind, [])
    return start((peers.LOAD.program, server.target, *arguments, *flags), cores, **pipes)


def result_of(load, patience):
    """What the generator printed. Raises Failed when its exit code is not 0."""
    try:
        out, err = load.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        raise Failed("the load generator did not end") from None
    finally:
        if load.poll() is None:
            load.kill()
            load.wait()
    if load.returncode != 0:
        raise Failed(err.strip() or f"the load generator ended with {load.returncode}")
    return json.loads(out)


def measure(server, cores, arguments, warmup, seconds, beside=()):
    """One round. beside: what a second generator does to the server from the begin of the warm-up to the end."""
    other = start_load(server, cores, (*beside, "-w", 0, "-d", warmup + seconds + 60)) if beside else None
    try:
        load = start_load(server, cores, (*arguments, "-w", warmup, "-d", seconds, "-p", server.pid))
        result = result_of(load, warmup + seconds + 60)
        if other and other.poll() is not None:
            raise Failed("beside: " + (other.stderr.read().strip() or "the load generator ended"))
        return result
    finally:
        if other:
            other.kill()
            other.communicate()

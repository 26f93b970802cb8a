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
BENCH_START_SECONDS = 1
READY = re.compile(r"^ready (\d+)$|^listener echo: \w+://[\d.]+:(\d+)|^listener echo: bus://echo[.](\d+)|"
                   r"^(?:listener echo: unix:)", re.MULTILINE)
URLS = {"http3": "h3://127.0.0.1:{port}/", "deflate": "ws://127.0.0.1:{port}/", "eventbus": "bus://echo.{port}"}
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
        self.port = port
        # For the generator in C, and for Vecho's own instruments.
        self.target = f"unix:{socket}" if kind == "unix" else f"{'udp' if kind == 'udp' else 'tcp'}:127.0.0.1:{port}"
        self.url = URLS.get(kind, kind + "://127.0.0.1:{port}").format(port=port)

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ready = READY.search(self.log.read_text(errors="replace"))
            if ready:
                return int(next(filter(None, ready.groups()), 0))
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
        raise Failed(err.strip() or told_failures(out) or f"the load generator ended with {load.returncode}")
    return json.loads(out)


def told_failures(out):
    """Of `vecho bench`, which tells them with its result."""
    try:
        return "; ".join(f"{each['word']} {each['count']}: {each['sentence']}" for each in json.loads(out)["failures"])
    except (ValueError, KeyError):
        return ""


def measure(server, cores, arguments, warmup, seconds):
    """One round."""
    load = start_load(server, cores, (*arguments, "-w", warmup, "-d", seconds, "-p", server.pid))
    return result_of(load, warmup + seconds + 60)


def bench(server, cores, arguments, warmup, seconds):
    """One round of `vecho bench`. The server's processor time is that of the time that counts, but for its ends."""
    cluster = (["--cluster", "--cluster-port", server.port + 1, "--cluster-members", f"127.0.0.1:{server.port}"]
               if server.kind == "eventbus" else [])
    load = start([peers.ROOT / "vecho", "bench", server.url, "--insecure", *arguments, *cluster, "-o", "json",
                  "-w", f"{warmup * 1000:.0f}ms", "-d", f"{seconds * 1000:.0f}ms"], cores)
    time.sleep(BENCH_START_SECONDS + warmup)
    begin, used = time.monotonic(), server.cpu_seconds()
    time.sleep(seconds / 2)
    share = (server.cpu_seconds() - used) / (time.monotonic() - begin)
    result = result_of(load, warmup + seconds + 60)
    rate = result["messagesPerSecond"]
    latency = {f"{figure}Micros": result["latencyMillis"][figure] * 1000 for figure in ("p50", "p99", "p999", "max")}
    return latency | {"perSecond": rate, "lost": result["lost"], "serverCpu": share,
                      "serverMicrosPerMessage": share / rate * 1e6 if rate else 0,
                      "generatorCpu": result["load"]["processShare"]}

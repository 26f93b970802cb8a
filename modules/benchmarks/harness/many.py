"""Many connections: the memory of each, and the tail of a few busy ones among them."""

import contextlib
import os
import resource
import statistics
import subprocess
import time

from harness import peers, processes
from harness.extras import goal_row

# Kind, connections, and the server in C or Go beside Vecho.
CROWDS = (("tcp", 20_000, "c-epoll"), ("tls", 10_000, "c-epoll-tls"), ("quic", 5_000, "quic-go"))
OWN_FILES = 1000  # of a process, beside its connections
BUSY = ("-c", 50, "-s", 64)
EACH_SECONDS = 20  # of the crowd, each connection sends a message so often
OPEN_SECONDS, REST_SECONDS, STILL_SECONDS = 120, 5, 3
QUIC_LEAST_SECONDS = 10


def many(run):
    rows = []
    for kind, connections, beside in CROWDS:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        count = 500 if run.quick else min(connections, limit - OWN_FILES)
        for peer in run.select((beside, "vecho", "vecho-before"), beside):
            rows.append(crowd(run, peer, kind, count))
    return {"rows": rows}


def crowd(run, peer, kind, count):
    """One server: the busy ones alone, and among the crowd."""
    with run.server(peer, kind) as server:
        busy(run, server, run.warmup_of(peer))
        alone = [busy(run, server, 0.3) for _ in range(run.rounds)]
        time.sleep(REST_SECONDS)
        rest = server.resident_kilobytes()
        with slowly_active(run, server, count):
            opened = time.monotonic()
            used = settled(server, count)
            seconds = time.monotonic() - opened - STILL_SECONDS
            among = [busy(run, server, 0.3) for _ in range(run.rounds)]
    row = {"title": peer.title, "kind": kind, "connections": count, "kilobytes": (used - rest) / count, "openSeconds": seconds,
           "perSecond": statistics.median(b["perSecond"] / a["perSecond"] for a, b in zip(alone, among))}
    row |= {f"{name}P99Micros": statistics.median(one["p99Micros"] for one in results)
            for name, results in (("alone", alone), ("among", among))}
    run.say(f"many: {peer.title}, {count:,} of {kind}: {row['kilobytes']:.1f} KB each; p99 of 50 busy ones "
            f"{row['aloneP99Micros']:,.0f} µs alone, {row['amongP99Micros']:,.0f} µs among them")
    return row


def busy(run, server, warmup):
    if server.kind == "quic":
        return processes.bench(server, run.load_cores, BUSY, max(3, warmup), run.seconds)
    return processes.measure(server, run.load_cores, BUSY, warmup, run.seconds)


@contextlib.contextmanager
def slowly_active(run, server, count):
    """Connections that send a message now and then, each verified."""
    command = [peers.ROOT / "vecho", "bench", server.url, "--insecure", "-c", count, "-s", 64, "-r", max(1, count // EACH_SECONDS),
               "--timeout", f"{OPEN_SECONDS}s", "-w", "1s", "-d", "600s", "-o", "json"]
    load = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True, preexec_fn=processes.confined_to(run.load_cores), env=os.environ)
    try:
        yield
        if load.poll() is not None:
            raise processes.Failed(f"the crowd ended: {load.stderr.read().strip()}")
    finally:
        load.kill()
        load.communicate()


def settled(server, count):
    """Resident memory once all are open, and it grows no more. Connections of QUIC have no descriptors that could be counted."""
    deadline = time.monotonic() + OPEN_SECONDS
    least = time.monotonic() + QUIC_LEAST_SECONDS
    most, since = 0, time.monotonic()
    while time.monotonic() < deadline:
        now = server.resident_kilobytes()
        if now > most * 1.002:
            most, since = now, time.monotonic()
        all_open = time.monotonic() > least if server.kind == "quic" else len(os.listdir(f"/proc/{server.pid}/fd")) > count
        if all_open and time.monotonic() - since > STILL_SECONDS:
            return server.resident_kilobytes()
        time.sleep(0.2)
    raise processes.Failed(f"{server.peer.title}: {count:,} connections were not open within {OPEN_SECONDS} s")

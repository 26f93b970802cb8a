"""What management costs: the echo's speed, an idle connection, and the echo while somebody lists all connections."""

import contextlib
import json
import re
import resource
import socket
import statistics
import subprocess
import threading
import time
import urllib.request

from harness import peers, processes
from harness.cases import SIZES
from harness.extras import goal_row, idle_memory

MANAGEMENT = {"host": "127.0.0.1", "port": 0}
SCRAPE_SECONDS = 1  # Prometheus asks every 15 s or so
WARMUP_LOADS = 20
SETTLE_SECONDS = 0.3
SLOWER = 1.02  # at most, of the time that a message takes without management
IDLE_KILOBYTES = 2.4
CONNECTIONS = 100_000
OWN_FILES = 1000  # of a process, beside its connections
PROBE_SECONDS = 5


def management(run):
    """With the section management and a scrape a second against without, in turn; the median of the rounds' ratios."""
    home = run.java_home
    plain = peers.vecho("vecho", "Vecho", home)
    managed = peers.vecho("vecho-managed", "Vecho with management", home, management=MANAGEMENT)
    rows = {title: speed(run, (plain, managed), connections, size) for _, title, connections, size, _ in SIZES}
    memory = {peer.name: idle_memory(run, peer) for peer in (plain, managed)}
    goals = [goal_row(f"time with management, of that without, {title}", row["slower"], SLOWER)
             for title, row in rows.items()]
    goals.append(goal_row("an idle connection with management, KB", memory[managed.name]["openKilobytes"],
                          IDLE_KILOBYTES))
    return {"speed": rows, "memory": memory, "listing": listing(run, managed), "goals": goals}


def url(server):
    """It is told after the listeners."""
    deadline = time.monotonic() + processes.START_SECONDS
    while time.monotonic() < deadline:
        found = re.search(r"^management: (http://\S+)$", server.log.read_text(errors="replace"), re.MULTILINE)
        if found:
            return found.group(1)
        time.sleep(0.02)
    raise processes.Failed(f"{server.peer.title} has no management listener")


@contextlib.contextmanager
def scraped(server):
    """Somebody asks for the metrics, again and again."""
    over = threading.Event()
    address = url(server) + "/metrics"

    def scrape():
        while not over.wait(SCRAPE_SECONDS):
            with urllib.request.urlopen(address, timeout=10) as answer:
                answer.read()

    thread = threading.Thread(target=scrape, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def speed(run, pair, connections, size):
    arguments = ("-c", connections, "-s", size)
    rates = {peer.name: [] for peer in pair}
    with contextlib.ExitStack() as stack:
        servers = {peer.name: stack.enter_context(run.server(peer, "tcp")) for peer in pair}
        stack.enter_context(scraped(servers[pair[1].name]))
        for server in servers.values():
            for _ in range(1 if run.quick else WARMUP_LOADS):
                processes.measure(server, run.load_cores, arguments, 0, run.warmup / WARMUP_LOADS)
        for number in range(run.rounds):
            order = list(servers)[:: 1 if number % 2 == 0 else -1]
            for name in order:
                result = processes.measure(servers[name], run.load_cores, arguments, SETTLE_SECONDS, run.seconds)
                rates[name].append(result["perSecond"])
    slower = [without / having for without, having in zip(*rates.values())]
    row = {"slower": statistics.median(slower), "least": min(slower), "most": max(slower), "rounds": rates}
    run.say(f"management: {connections} × {size} B: {row['slower']:.3f} of the time without "
            f"({row['least']:.3f} to {row['most']:.3f})")
    return row


def listing(run, peer):
    """The round trip of one byte while nobody, and while somebody, lists all connections, page after page."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    connections = 1000 if run.quick else min(CONNECTIONS, limit - OWN_FILES)
    with run.server(peer, "tcp") as server:
        load = processes.start_load(server, run.load_cores, ("--idle", connections), stdin=subprocess.PIPE)
        try:
            if load.stdout.readline().strip() != "open":
                raise processes.Failed(load.stderr.read().strip())
            probe(server, time.monotonic() + 1)  # for the JVM
            pages(server)
            quiet = probe(server, time.monotonic() + PROBE_SECONDS)
            taken = []

            def list_all():
                end = time.monotonic() + PROBE_SECONDS
                while not taken or time.monotonic() < end:
                    started = time.monotonic()
                    found = pages(server)
                    taken.append(time.monotonic() - started)
                    if found < connections:
                        taken.append(processes.Failed(f"{found} of {connections} connections were listed"))
                        return

            thread = threading.Thread(target=list_all)
            thread.start()
            asked = []
            while thread.is_alive():
                asked += probe(server, time.monotonic() + 0.1)
            thread.join()
        finally:
            load.stdin.close()
            load.kill()
            load.wait()
    for failure in taken:
        if isinstance(failure, Exception):
            raise failure
    row = {"connections": connections, "seconds": statistics.median(taken), "quiet": tail(quiet), "listing": tail(asked)}
    run.say(f"management: {connections:,} connections listed in {row['seconds']:.2f} s; round trip p50/p99/p99.9 "
            f"{' / '.join(f'{x:,.0f}' for x in row['quiet'])} µs before, {' / '.join(f'{x:,.0f}' for x in row['listing'])} µs "
            "meanwhile")
    return row


def pages(server):
    """Goes through all of them, and tells how many there are."""
    found, cursor = 0, ""
    while cursor is not None:
        with urllib.request.urlopen(f"{url(server)}/connections?limit=1000{cursor}", timeout=60) as answer:
            page = json.load(answer)
        found += len(page["connections"])
        cursor = f"&cursor={page['next']}" if "next" in page else None
    return found


def probe(server, end):
    """Round trips of one byte, in µs."""
    host, _, port = server.target.removeprefix("tcp:").rpartition(":")
    trips = []
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < end:
            started = time.perf_counter()
            client.sendall(b"x")
            if client.recv(1) != b"x":
                raise processes.Failed("another byte came back")
            trips.append((time.perf_counter() - started) * 1e6)
            time.sleep(0.0005)
    return trips


def tail(trips):
    ordered = sorted(trips)
    return [ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99, 0.999)]

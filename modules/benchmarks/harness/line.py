"""How fast the instruments are themselves: `vecho check` beside iperf3, `vecho bench` beside the generator in C."""

import json
import os
import re
import statistics
import subprocess
import time

from harness import peers, processes
from harness.cases import SIZES
from harness.extras import goal_row

SIZE = 1 << 30
BENCH_WARMUP_SECONDS = 3
CHECK_AT_LEAST, BENCH_AT_LEAST = 0.8, 0.9


def line(run):
    """Each and its counterpart in turn; the median of the rounds' ratios."""
    checked, benched = check(run), bench(run)
    goals = [goal_row("check of 1 GiB, of iperf3 both ways", checked["ratio"], at_least=CHECK_AT_LEAST)]
    goals += [goal_row(f"bench, of the generator in C, {title}", row["ratio"], at_least=BENCH_AT_LEAST)
              for title, row in benched.items()]
    return {"check": checked, "bench": benched, "goals": goals}


def check(run):
    """Bytes a second each way, of one transfer over one connection; the check's are verified."""
    size = SIZE // 64 if run.quick else SIZE
    rates = {"check": [], "iperf3": []}
    resident = []
    with run.server(run.peers["c-epoll"], "tcp") as server:
        for _ in range(run.rounds):
            rate, kilobytes = check_once(run, server.url, size)
            rates["check"].append(rate)
            resident.append(kilobytes)
            rates["iperf3"].append(iperf3(run, size))
            run.say(f"line: check {rates['check'][-1] / 1e9:.2f} GB/s, iperf3 {rates['iperf3'][-1] / 1e9:.2f} GB/s each way")
    return {"bytes": size, "rates": rates, "residentMegabytes": statistics.median(resident) / 1024,
            "ratio": statistics.median(one / other for one, other in zip(rates["check"], rates["iperf3"]))}


def check_once(run, target, size):
    report = run.directory / "line.json"
    process = processes.start([peers.ROOT / "vecho", "check", target, "--size", size, "--timeout", "120s",
                               "--report", f"json={report}"], run.load_cores)
    most = 0
    while process.poll() is None:
        most = max(most, resident(process.pid))
        time.sleep(0.05)
    _, told = process.communicate()
    if process.returncode != 0:
        raise processes.Failed(f"the check failed: {told.strip()}")
    only = json.loads(report.read_text())["cases"][0]["rounds"][0]
    return size / (only["durationMillis"] / 1000), most


def resident(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))
    except (OSError, AttributeError):
        return 0  # it has just ended


def iperf3(run, size):
    """Both ways at once: one connection each, as iperf3 has it."""
    port = peers.free_port()
    server = processes.start(["iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", port], run.server_cores)
    try:
        deadline = time.monotonic() + 10
        while True:
            client = subprocess.run(["iperf3", "-c", "127.0.0.1", "-p", str(port), "--bidir", "-n", str(size), "-J"],
                                    capture_output=True, text=True, preexec_fn=processes.confined_to(run.load_cores))
            told = json.loads(client.stdout or "{}")
            if "end" in told and "sum_received" in told["end"]:
                break
            if time.monotonic() > deadline:
                raise processes.Failed(f"iperf3: {told.get('error', client.stderr)}")
            time.sleep(0.1)  # until its server listens
        ways = [told["end"][way]["bits_per_second"] / 8 for way in ("sum_received", "sum_received_bidir_reverse")]
        return sum(ways) / len(ways)
    finally:
        server.kill()
        server.wait()


def bench(run):
    """Messages a second against one server, by one thread of each."""
    rows = {}
    with run.server(run.peers["c-epoll"], "tcp") as server:
        for _, title, connections, size, _ in SIZES:
            arguments = ("-c", connections, "-s", size)
            rates = {"bench": [], "c": []}
            for _ in range(run.rounds):
                for name, measured in (
                        ("bench", processes.bench(server, run.load_cores, arguments, BENCH_WARMUP_SECONDS, run.seconds)),
                        ("c", processes.measure(server, run.load_cores, arguments, 0.3, run.seconds))):
                    rates[name].append(measured["perSecond"])
            rows[title] = {"rates": rates, "ratio": statistics.median(a / b for a, b in zip(rates["bench"], rates["c"]))}
            run.say(f"line: bench, {title}: {rows[title]['ratio']:.2f} of the generator in C")
    return rows

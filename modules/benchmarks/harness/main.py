"""The command line, and the rounds."""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import extras, line, managed, many, peers, processes, report
from harness.cases import CASES, EXTRAS

RESULTS = peers.MODULE / "results"
QUICK_RESULTS = peers.MODULE / "target" / "quick"
SETTLE_SECONDS = 0.3  # of each round, before what counts
BENCH_SETTLE_SECONDS = 3  # for `vecho bench`, which compiles while it runs
WARMUP_LOADS = 20  # with fewer, a JVM still compiles in the rounds what closes a crowd of connections
RUNNERS = extras.RUNNERS | {"line": line.line, "many": many.many, "management": managed.management}
BUSY = 1.5  # a load average that a build leaves behind falls below this within a minute


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Builds the peers, runs each and Vecho in turn on one core, with the load generator on another,\n"
                    "checks every byte, and writes what came out.",
        epilog="cases:\n" + "\n".join(f"  {case.name:16} {case.title}; with {', '.join(case.peers)}" for case in CASES)
               + "\n" + "\n".join(f"  {name:16} {title}" for name, title in EXTRAS.items())
               + "\n\nExit codes: 0 everything was measured; 1 a server failed, or gave a wrong byte; 2 wrong usage, or\n"
                 "something is missing. A goal that is not reached is no failure; results.md tells it.")
    parser.add_argument("--only", metavar="CASE,…", help="these cases; a name's beginning stands for all that have it: "
                                                         "tcp, tls-50. Other results in the output directory are kept")
    parser.add_argument("--peers", metavar="PEER,…", help="these servers only, and the one that a case is compared with")
    parser.add_argument("--rounds", type=int, default=7, help="how often each server takes its turn (7)")
    parser.add_argument("--seconds", type=float, default=3, help="that count, of each turn (3)")
    parser.add_argument("--warmup", type=float, default=10,
                        help="seconds under load before the first round, for servers that compile while they run (10)")
    parser.add_argument("--quick", action="store_true", help="one round of one second each, to see that all works; "
                                                             "results go to target/quick and mean nothing")
    parser.add_argument("--java", metavar="HOME", default=os.environ.get("JAVA_HOME", ""),
                        help="the JDK that runs Vecho (JAVA_HOME, or the java on the path)")
    parser.add_argument("--jdk", metavar="HOME", default=os.environ.get("VECHO_OTHER_JDK", ""),
                        help="another JDK, for a second Vecho to compare (VECHO_OTHER_JDK)")
    parser.add_argument("--before", metavar="DIR", type=lambda name: Path(name).resolve(), help="another checkout of Vecho to compare, of an earlier "
                                                                    "commit, say; its ./vecho must be built")
    parser.add_argument("--output", metavar="DIR", type=Path, help="where the results go (results)")
    parser.add_argument("--install", action="store_true", help="install the Debian packages that are missing")
    parsed = parser.parse_args(arguments)
    if parsed.quick:
        parsed.rounds, parsed.seconds, parsed.warmup = 1, 1, 1
    if parsed.before and not (parsed.before / "vecho").is_file():
        parser.error(f"--before {parsed.before}: this is no checkout of Vecho: it has no script named vecho")
    parsed.output = parsed.output or (QUICK_RESULTS if parsed.quick else RESULTS)
    return parser, parsed


class Run:
    """What all measurements share: the servers, the cores, a directory, and a line of progress."""

    def __init__(self, options, selected, names, directory):
        self.quick = options.quick
        self.rounds, self.seconds, self.warmup = options.rounds, options.seconds, options.warmup
        self.java_home = options.java
        self.peers = selected
        self.names = names
        self.directory = directory
        available = sorted(os.sched_getaffinity(0))
        self.server_cores, self.load_cores = {available[0]}, {available[1]}
        self.planned = self.done = 0.0

    def select(self, names, base=None):
        return [self.peers[name] for name in names
                if name in self.peers and (not self.names or name in self.names or name == base)]

    def server(self, peer, kind):
        return processes.Server(peer, kind, self.server_cores, self.directory)

    def case_seconds(self, case):
        selected = self.select(case.peers, case.base)
        each = BENCH_SETTLE_SECONDS + processes.BENCH_START_SECONDS if case.bench else SETTLE_SECONDS + 0.1
        return sum(self.warmup_of(peer) + 1 + self.rounds * (self.seconds + each) for peer in selected)

    def warmup_of(self, peer):
        return self.warmup if peer.warm else min(1, self.warmup)

    def say(self, line):
        left = max(0, self.planned - self.done)
        print(f"[{left / 60:3.0f} min left] {line}", flush=True)


def measure_case(run, case):
    """Each server is warmed up, and then all are loaded in turn, in an order that differs from round to round."""
    running, rounds, failures = {}, {}, {}

    def load(name, warmup, seconds):
        started = time.monotonic()
        try:
            if case.bench:
                return processes.bench(running[name], run.load_cores, case.load, warmup, seconds)
            return processes.measure(running[name], run.load_cores, case.load, warmup, seconds)
        except processes.Failed as failure:
            # It takes no further part: what it measured before it failed is worth nothing.
            failures[name] = str(failure)
            rounds.pop(name, None)
            running.pop(name).stop()
            run.say(f"{case.name}: {run.peers[name].title} FAILED: {failure}")
            return None
        finally:
            run.done += time.monotonic() - started

    try:
        for peer in run.select(case.peers, case.base):
            try:
                running[peer.name] = run.server(peer, case.kind)
                rounds[peer.name] = []
            except processes.Failed as failure:
                failures[peer.name] = str(failure)
                run.say(f"{case.name}: {failure}")
        loads = 1 if case.bench else WARMUP_LOADS
        for name in list(running):
            for _ in range(loads):
                if name in running:
                    load(name, 0, run.warmup_of(run.peers[name]) / loads)
        for number in range(run.rounds):
            order = list(running)
            turn = number % len(order) if order else 0
            for name in order[turn:] + order[:turn]:
                result = load(name, BENCH_SETTLE_SECONDS if case.bench else SETTLE_SECONDS, run.seconds)
                if result:
                    rounds[name].append(result)
                    run.say(f"{case.name} {number + 1}/{run.rounds}: {run.peers[name].title}: "
                            f"{result['perSecond']:,.0f} {case.unit}/s, p99 {result['p99Micros']:,.0f} µs")
    finally:
        for server in running.values():
            server.stop()
    return summary(case, rounds, failures)


def summary(case, rounds, failures):
    """Medians of each server, ratios of the same round, and whether the goals were reached."""
    figures = ("perSecond", "p50Micros", "p99Micros", "p999Micros", "maxMicros", "serverMicrosPerMessage", "serverCpu",
               "generatorCpu")
    medians = {name: {figure: statistics.median(one[figure] for one in results) for figure in figures}
               for name, results in rounds.items()}
    foreign = [name for name in medians if not name.startswith("vecho")]
    best = max(foreign, key=lambda name: medians[name]["perSecond"], default=None)
    base = case.base or best

    def ratios(subject, against, figure="perSecond"):
        values = [one[figure] / other[figure] for one, other in zip(rounds[subject], rounds[against])]
        return values if figure == "perSecond" else [1 / value for value in values]

    for name, row in medians.items():
        row["lost"] = sum(one["lost"] for one in rounds[name])
        row["beside"] = statistics.median(one.get("besideBytesPerSecond", 0) for one in rounds[name])
        if base in rounds:
            row["ratios"] = ratios(name, base)
            row["ratio"] = statistics.median(row["ratios"])
    goals = []
    for goal in case.goals:
        against = best if goal.against == "best" else goal.against
        if goal.subject in rounds and against in rounds:
            values = ratios(goal.subject, against, goal.figure)
            median = statistics.median(values)
            goals.append({"subject": goal.subject, "against": against, "figure": goal.figure, "atLeast": goal.at_least, "ratio": median,
                          "least": min(values), "most": max(values), "reached": median >= goal.at_least})
    return {"title": case.title, "unit": case.unit, "load": [str(word) for word in case.load], "base": base, "bench": case.bench,
            "peers": medians, "goals": goals, "failures": failures, "rounds": rounds}


def wanted(parser, only):
    """The names of the cases and extras to run."""
    names = [case.name for case in CASES] + list(EXTRAS)
    if not only:
        return names
    chosen = []
    for part in only.split(","):
        found = [name for name in names if name == part or name.startswith(part)]
        if not found:
            parser.error(f"no case is named {part}; there are {', '.join(names)}")
        chosen += found
    return [name for name in names if name in chosen]


def install_or_tell(needs, install):
    """Whether everything is there, in the end."""
    missing = sorted({need.package for need in needs if not need.is_met()})
    if missing and install:
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        subprocess.run([*sudo, "apt-get", "update", "-q"], check=True)
        subprocess.run([*sudo, "apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], check=True)
        missing = [need.package for need in needs if not need.is_met()]
    if missing:
        print("run: missing: " + " ".join(missing), file=sys.stderr)
        print("run: `run --install` installs them, or leave servers out with --peers", file=sys.stderr)
    return not missing


def main(arguments):
    parser, options = parse(arguments)
    known = peers.known_peers(options)
    names = options.peers.split(",") if options.peers else []
    for name in names:
        if name not in known:
            parser.error(f"no server is named {name}; there are {', '.join(known)}")
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("two cores are needed: one for the server, one for the load generator")
    todo = wanted(parser, options.only)
    cases = [case for case in CASES if case.name in todo]
    others = [name for name in EXTRAS if name in todo]

    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, signal.default_int_handler)  # an exception, so that every server is stopped
    try:
        with tempfile.TemporaryDirectory(prefix="vecho-bench-") as directory:
            run = Run(options, known, names, Path(directory))
            used = {peer.name: peer for case in cases for peer in run.select(case.peers, case.base)}
            if others:
                used |= {name: known[name] for name in ("c-epoll", "vecho")}
            if "many" in others:
                used |= {peer.name: peer for _, _, name in many.CROWDS for peer in run.select((name, "vecho-before"), name)}
            if "memory" in others or "cores" in others:
                used |= {peer.name: peer for peer in run.select(known) if "tcp" in peer.kinds}
            needs = [*peers.HARNESS_NEEDS, *([peers.IPERF3] if "line" in others else [])]
            if not install_or_tell([*needs, *(need for peer in used.values() for need in peer.needs)],
                                   options.install):
                return 2
            peers.build(used.values())
            if os.getloadavg()[0] > BUSY and not options.quick:
                print(f"run: other programs are busy (load {os.getloadavg()[0]:.1f}), and will be measured, too",
                      file=sys.stderr)
            return measure_all(run, options, cases, others, used)
    except KeyboardInterrupt:
        print("\nrun: interrupted; what was complete is in the results", file=sys.stderr)
        return 130
    except (subprocess.CalledProcessError, OSError) as failure:
        print(f"run: {failure}", file=sys.stderr)
        return 1


def measure_all(run, options, cases, others, used):
    results = report.Results(options.output, options, used.values())
    run.planned = sum(run.case_seconds(case) for case in cases) + len(others) * (20 if run.quick else 120)
    failed = False
    for case in cases:
        measured = measure_case(run, case)
        failed |= bool(measured["failures"])
        results.add("cases", case.name, measured)
    for name in others:
        started = time.monotonic()
        try:
            results.add("extras", name, RUNNERS[name](run))
        except processes.Failed as failure:
            failed = True
            run.say(f"{name} FAILED: {failure}")
        run.done += time.monotonic() - started
    print(f"\n{results.goal_table()}\nwritten: {results.directory}/results.md, details.md, results.svg, results.json.gz")
    return 1 if failed else 0

"""What is measured in another way than by a rate: memory, a whole process, two cores, the pipe alone."""

import json
import os
import statistics
import subprocess
import time

from harness import peers, processes
from harness.cases import TCP_PEERS, VECHO

IDLE_CONNECTIONS = 10_000
REST_SECONDS = 15  # until a server that has started gives back what it needed for that
SETTLE_SECONDS = 6
USED_SECONDS = 3


def memory(run):
    """Resident memory at rest, and what one idle TCP connection adds: after it was opened, and after one echo on it."""
    rows = {peer.name: idle_memory(run, peer) for peer in run.select((*TCP_PEERS, *VECHO))}
    goals = [goal_row("resident at rest, MB", rows["vecho"]["restMegabytes"], 80),
             goal_row("an idle connection, KB", rows["vecho"]["echoedKilobytes"], 6)] if "vecho" in rows else []
    return {"connections": idle_connections(run), "peers": rows, "goals": goals}


def idle_connections(run):
    return 1000 if run.quick else IDLE_CONNECTIONS


def idle_memory(run, peer):
    """That of one server."""
    connections = idle_connections(run)
    with run.server(peer, "tcp") as server:
        time.sleep(1 if run.quick else REST_SECONDS)
        rest = server.resident_kilobytes()
        # What a server takes once, at its first connections, is no connection's.
        processes.measure(server, run.load_cores, ("-c", 50, "-s", 64), 0, 1 if run.quick else USED_SECONDS)
        time.sleep(1 if run.quick else SETTLE_SECONDS)
        used_before = server.resident_kilobytes()
        load = processes.start_load(server, run.load_cores, ("--idle", connections), stdin=subprocess.PIPE)
        try:
            used = []
            for expected in ("open", "echoed"):
                if load.stdout.readline().strip() != expected:
                    raise processes.Failed(f"{peer.title}: {load.stderr.read().strip()}")
                time.sleep(1 if run.quick else SETTLE_SECONDS)
                used.append(server.resident_kilobytes())
                load.stdin.write("\n")
                load.stdin.flush()
        finally:
            load.stdin.close()
            load.kill()
            load.wait()
    row = {"restMegabytes": rest / 1024,
           "openKilobytes": (used[0] - used_before) / connections,
           "echoedKilobytes": (used[1] - used_before) / connections}
    run.say(f"memory: {peer.title}: {rest / 1024:.1f} MB at rest, {row['openKilobytes']:.2f} KB a connection, "
            f"{row['echoedKilobytes']:.2f} KB after an echo")
    return row


def goal_row(what, value, at_most=None, at_least=None):
    bound = {"atMost": at_most} if at_least is None else {"atLeast": at_least}
    return {"what": what, "value": value, **bound, "reached": value <= at_most if at_least is None else value >= at_least}


def check(run):
    """`vecho check` of one target, from the start of the process to its end, against the jar run by plain java."""
    java = peers.java(run.java_home)
    with run.server(run.peers["c-epoll"], "tcp") as server:
        commands = {
            "./vecho check": [peers.ROOT / "vecho", "check", server.url],
            "java -jar vecho.jar check": [java, "-jar", peers.FAT_JAR, "check", server.url],
            "java -Xshare:off -jar vecho.jar check": [java, "-Xshare:off", "-jar", peers.FAT_JAR, "check", server.url],
        }
        environment = os.environ | run.peers["vecho"].environment
        seconds = {name: [] for name in commands}
        for _ in range(2 if run.quick else 15):
            for name, command in commands.items():
                started = time.monotonic()
                subprocess.run([str(word) for word in command], check=True, capture_output=True, env=environment)
                seconds[name].append(time.monotonic() - started)
    base = seconds["java -jar vecho.jar check"]
    rows = {name: {"seconds": statistics.median(times), "raw": times,
                   "ratio": statistics.median(one / other for one, other in zip(times, base))}
            for name, times in seconds.items()}
    for name, row in rows.items():
        run.say(f"check: {name}: {row['seconds']:.3f} s, {row['ratio']:.2f} of plain java")
    return {"commands": rows, "goals": [goal_row("`vecho check`, of `java -jar`", rows["./vecho check"]["ratio"], 0.55)]}


def cores(run):
    """The rate with two cores for the server. Where the machine has only two, the generators share them."""
    available = sorted(os.sched_getaffinity(0))
    shared = len(available) < 4
    two, load_cores = set(available[:2]), set(available[:2] if shared else available[2:])
    rows = {}
    for peer in run.select(("c-epoll", "go", "tokio", *VECHO)):
        for size in (64, 16 * 1024):
            def rate(server_cores, generator_cores, generators):
                with processes.Server(peer, "tcp", server_cores, run.directory) as server:
                    arguments = ("-c", 50 // generators, "-s", size, "-d", run.seconds, "-w",
                                 run.warmup if peer.warm else 1)
                    loads = [processes.start_load(server, generator_cores, arguments) for _ in range(generators)]
                    return sum(processes.result_of(load, 120)["perSecond"] for load in loads)

            one = rate({available[0]}, {available[1]}, 1)
            both = rate(two, load_cores, 2)
            rows[f"{peer.name} {size}"] = {"one": one, "two": both, "growth": both / one}
            run.say(f"cores: {peer.title}, {size} B: {one:,.0f}/s on one core, {both:,.0f}/s on two")
    return {"shared": shared, "peers": rows}


def jmh(run):
    """Nanoseconds that the echo pipe takes for a message."""
    output = run.directory / "jmh.json"
    jars = ":".join(str(jar) for jar in sorted((peers.MODULE / "target" / "jmh").glob("*.jar")))
    quick = ["-f", "1", "-wi", "1", "-i", "1"] if run.quick else []
    command = [peers.java(run.java_home), "-cp", f"{peers.MODULE / 'target' / 'classes'}:{peers.FAT_JAR}:{jars}",
               "org.openjdk.jmh.Main", "-rf", "json", "-rff", str(output), *quick]
    run.say("jmh: the echo pipe alone")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, preexec_fn=processes.confined_to(run.server_cores))
    rows = [{"benchmark": row["benchmark"].rpartition(".")[2], "size": int(row["params"]["size"]),
             "nanos": row["primaryMetric"]["score"],
             "error": None if row["primaryMetric"]["scoreError"] == "NaN" else row["primaryMetric"]["scoreError"]}
            for row in json.loads(output.read_text())]
    return {"rows": rows}


RUNNERS = {"memory": memory, "check": check, "cores": cores, "jmh": jmh}

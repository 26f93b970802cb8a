"""What came out: results.json with every round, results.md with the tables, results.svg with the plot."""

import json
import os
import platform
import re
import subprocess
import time
from pathlib import Path

from harness import peers
from harness.cases import CASES, EXTRAS

ACCENT, PLAIN = "#7b3fb5", "#9aa5b1"
LIMIT = 0.95  # of a core: a generator that is busier than this, with a server that is not, was the limit


def first(pattern, path, default="unknown"):
    try:
        match = re.search(pattern, Path(path).read_text(encoding="ascii", errors="replace"), re.MULTILINE)
        return match.group(1) if match else default
    except OSError:
        return default


def machine():
    return {
        "kernel": f"{platform.system()} {platform.release()}",
        "processor": first(r"^model name\s*: (.*)$", "/proc/cpuinfo"),
        "cores": len(os.sched_getaffinity(0)),
        "memoryMegabytes": int(first(r"^MemTotal:\s+(\d+)", "/proc/meminfo", "0")) // 1024,
        "system": first(r'^PRETTY_NAME="(.*)"', "/etc/os-release"),
        "loadBefore": os.getloadavg()[0],
        "congestionControl": first(r"^(\S+)", "/proc/sys/net/ipv4/tcp_congestion_control"),
    }


def same_machine(one, other):
    return {**one, "loadBefore": 0} == {**other, "loadBefore": 0}


def commit():
    told = subprocess.run(["git", "-C", str(peers.ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return told.stdout.strip() or "unknown"


class Results:
    """The results in a directory. They are written after each case, so that an interrupted run keeps what it has."""

    def __init__(self, directory, options, used):
        self.directory = directory.resolve()
        self.file = self.directory / "results.json"
        self.titles = {peer.name: peer.title for peer in peers.known_peers(options.java, options.jdk).values()}
        self.setting = {"commit": commit(), "rounds": options.rounds, "seconds": options.seconds,
                        "warmupSeconds": options.warmup}
        self.data = {"machine": machine(), "versions": {}, "cases": {}, "extras": {}}
        if options.only and self.file.exists():
            before = json.loads(self.file.read_text(encoding="utf-8"))
            if same_machine(before["machine"], self.data["machine"]):
                self.data = before
        self.data["versions"] |= {peer.name: {"title": peer.title, "version": peers.version_of(peer)} for peer in used}
        self.titles = {name: version["title"] for name, version in self.data["versions"].items()} | self.titles

    def add(self, section, name, measured):
        measured["measured"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.data[section][name] = measured | {"setting": self.setting}
        self.directory.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (self.directory / "results.md").write_text(self.markdown(), encoding="utf-8")
        self.plot(self.directory / "results.svg")

    # ---- the tables

    def cases(self):
        """Those that were measured, in the order of cases.py."""
        return [(case, self.data["cases"][case.name]) for case in CASES if case.name in self.data["cases"]]

    def goal_table(self):
        rows = []
        for case, measured in self.cases():
            for goal in measured["goals"]:
                both = [measured["peers"][goal[side]] for side in ("subject", "against")]
                rows.append([case.title, self.titles[goal["subject"]], self.titles[goal["against"]],
                             f"≥ {goal['atLeast']:.2f}", f"{goal['ratio']:.2f}",
                             f"{goal['least']:.2f}–{goal['most']:.2f}", "yes" if goal["reached"] else "**no**",
                             *(" / ".join(f"{row[figure]:,.{digits}f}" for row in both) for figure, digits in
                               (("p99Micros", 0), ("p999Micros", 0), ("serverMicrosPerMessage", 2)))])
            for name, failure in measured["failures"].items():
                rows.append([case.title, self.titles[name], "", "", "failed", failure[:80].replace("\n", " "), "**no**",
                             "", "", ""])
        for name in EXTRAS:
            for goal in self.data["extras"].get(name, {}).get("goals", []):
                rows.append([goal["what"], self.titles.get("vecho", "Vecho"), "", f"≤ {goal['atMost']:g}",
                             f"{goal['value']:.2f}", "", "yes" if goal["reached"] else "**no**", "", "", ""])
        return table(["case", "server", "against", "goal", "ratio", "least–most", "reached", "p99 µs, both",
                      "p99.9 µs, both", "server CPU µs each, both"], rows)

    def markdown(self):
        found = self.data["machine"]
        parts = [
            "# Results\n",
            f"{found['processor']}, {found['cores']} cores, {found['memoryMegabytes'] // 1024} GB; {found['system']}, "
            f"{found['kernel']}, {found['congestionControl']}. The server on one core, the load generator on another. Every "
            "echo was compared byte by byte. Each figure is a median over the rounds; a ratio is the median of the ratios "
            "within each round.\n",
            self.goal_table(),
        ]
        for case, measured in self.cases():
            parts += [f"## {case.title}\n", self.case_table(measured)]
        parts += [self.extra_table(name) for name in EXTRAS if name in self.data["extras"]]
        parts += ["## Versions\n", table(["server", "version"], [[each["title"], each["version"]]
                                                               for each in self.data["versions"].values()])]
        return "\n".join(parts)

    def case_table(self, measured):
        base = self.titles.get(measured["base"], "nothing")
        rows = []
        for name, row in sorted(measured["peers"].items(), key=lambda item: -item[1]["perSecond"]):
            limit = " *" if row["generatorCpu"] > LIMIT and row["serverCpu"] < LIMIT else ""
            ratios = row.get("ratios")
            rows.append([self.titles[name], f"{row['perSecond']:,.0f}{limit}",
                         f"{row['ratio']:.2f} ({min(ratios):.2f}–{max(ratios):.2f})" if ratios else "",
                         *(f"{row[key]:,.1f}" for key in ("p50Micros", "p99Micros", "p999Micros")),
                         f"{row['serverMicrosPerMessage']:,.2f}", f"{row['serverCpu']:.2f}", f"{row['generatorCpu']:.2f}"])
            if row["lost"]:
                rows[-1][1] += f" ({row['lost']} lost)"
        note = "\\* The generator was busier than the server: it may be the limit.\n" if any(
            "*" in row[1] for row in rows) else ""
        return table(["server", f"{measured['unit']}/s", f"ratio to {base}", "p50 µs", "p99 µs", "p99.9 µs",
                      "server CPU, µs each", "server CPU", "generator CPU"], rows) + note

    def extra_table(self, name):
        measured = self.data["extras"][name]
        title = f"## {EXTRAS[name][0].upper()}{EXTRAS[name][1:]}\n\n"
        if name == "memory":
            return title + table(["server", "MB at rest", f"KB for each of {measured['connections']:,} connections",
                                  "KB after an echo on each"],
                                 [[self.titles[peer], f"{row['restMegabytes']:.1f}", f"{row['openKilobytes']:.2f}",
                                   f"{row['echoedKilobytes']:.2f}"] for peer, row in measured["peers"].items()])
        if name == "check":
            return title + table(["command", "seconds", "of plain java"],
                                 [[f"`{command}`", f"{row['seconds']:.3f}", f"{row['ratio']:.2f}"]
                                  for command, row in measured["commands"].items()])
        if name == "quic":
            note = "The generator is `vecho bench`. Where neither side is busy, the time that a message waits is the limit.\n\n"
            return title + note + table(["server, bytes", "messages/s", "ratio to quic-go", "p99 µs", "server CPU, µs each", "server CPU",
                                         "generator CPU"],
                                        [[peer, f"{row['perSecond']:,.0f}", f"{row['ratio']:.2f}", f"{row['p99Micros']:,.0f}",
                                          f"{row['serverMicrosPerMessage']:.1f}", f"{row['serverCpu']:.2f}",
                                          f"{row['generatorCpu']:.2f}"] for peer, row in measured["peers"].items()])
        if name == "management":
            return title + managed_tables(measured)
        if name == "cores":
            note = ("The machine has no cores left for the generators: they share those of the server, so that this shows "
                    "only that nothing breaks.\n\n" if measured["shared"] else "")
            return title + note + table(["server, bytes", "on one core, /s", "on two, /s", "growth"],
                                        [[peer, f"{row['one']:,.0f}", f"{row['two']:,.0f}", f"{row['growth']:.2f}"]
                                         for peer, row in measured["peers"].items()])
        return title + table(["benchmark", "bytes", "ns a message", "±"],
                             [[row["benchmark"], str(row["size"]), f"{row['nanos']:.1f}",
                               f"{row['error']:.1f}" if row["error"] is not None else ""] for row in measured["rows"]])

    # ---- the plot

    def plot(self, file):
        """A panel for each case: bars of the median ratio, with lines from the least to the most."""
        import matplotlib
        matplotlib.use("svg")
        matplotlib.rcParams |= {"svg.hashsalt": "vecho", "svg.fonttype": "none", "font.size": 8}
        from matplotlib import pyplot

        cases = [(case, measured) for case, measured in self.cases() if measured["base"] in measured["peers"]]
        if not cases:
            return
        columns = min(3, len(cases))
        lines = -(-len(cases) // columns)
        figure, axes = pyplot.subplots(lines, columns, figsize=(3.6 * columns, 2.1 * lines), squeeze=False)
        for axis in axes.flat[len(cases):]:
            axis.set_visible(False)
        for axis, (case, measured) in zip(axes.flat, cases):
            rows = sorted(measured["peers"].items(), key=lambda item: item[1]["ratio"])
            medians = [row["ratio"] for _, row in rows]
            spans = [[row["ratio"] - min(row["ratios"]) for _, row in rows],
                     [max(row["ratios"]) - row["ratio"] for _, row in rows]]
            axis.barh([self.titles[name] for name, _ in rows], medians, xerr=spans, error_kw={"linewidth": 0.8},
                      color=[ACCENT if name.startswith("vecho") else PLAIN for name, _ in rows])
            axis.axvline(1, color="black", linewidth=0.6, linestyle=":")
            axis.set_title(case.title, fontsize=9)
            axis.set_xlabel(f"{case.unit}/s, {self.titles[measured['base']]} = 1")
            for side in ("top", "right"):
                axis.spines[side].set_visible(False)
        figure.tight_layout()
        figure.savefig(file, metadata={"Date": None})
        pyplot.close(figure)


def managed_tables(measured):
    listing = measured["listing"]
    return "\n".join((
        "With the section `management` and a scrape a second, against a service without.\n",
        table(["load", "time of a message, ratio", "least–most"],
              [[title, f"{row['slower']:.3f}", f"{row['least']:.3f}–{row['most']:.3f}"]
               for title, row in measured["speed"].items()]),
        table(["server", "MB at rest", "KB an idle connection", "KB after an echo"],
              [[name, f"{row['restMegabytes']:.1f}", f"{row['openKilobytes']:.2f}", f"{row['echoedKilobytes']:.2f}"]
               for name, row in measured["memory"].items()]),
        f"{listing['connections']:,} connections are listed, page after page, in {listing['seconds']:.2f} s:\n",
        table(["round trip of a byte", "p50 µs", "p99 µs", "p99.9 µs"],
              [[name, *(f"{micros:,.0f}" for micros in listing[key])]
               for name, key in (("before", "quiet"), ("meanwhile", "listing"))])))


def table(head, rows):
    """A Markdown table that is readable as text, too."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]) + "\n"

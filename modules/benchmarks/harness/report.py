"""What came out: results.md and results.svg to read, details.md with the table of each case, results.json.gz with every round."""

import gzip
import json
import os
import platform
import re
import subprocess
import time
from pathlib import Path
from statistics import median

from harness import peers
from harness.cases import CASES, EXTRAS

ACCENT, PLAIN = "#7b3fb5", "#9aa5b1"
FIGURES = {"perSecond": "", "p99Micros": ": p99", "p999Micros": ": p99.9", "serverMicrosPerMessage": ": server CPU"}
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


def told(found):
    """A machine, in words."""
    return (f"{found['processor']}, {found['cores']} cores, {found['memoryMegabytes'] // 1024} GB; {found['system']}, "
            f"{found['kernel']}, {found['congestionControl']}")


def same_machine(one, other):
    return {**one, "loadBefore": 0} == {**other, "loadBefore": 0}


def commit():
    told = subprocess.run(["git", "-C", str(peers.ROOT), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return told.stdout.strip() or "unknown"


class Results:
    """The results in a directory. They are written after each case, so that an interrupted run keeps what it has."""

    def __init__(self, directory, options, used):
        self.directory = directory.resolve()
        self.file = self.directory / "results.json.gz"
        self.titles = {peer.name: peer.title for peer in peers.known_peers(options).values()}
        self.setting = {"commit": commit(), "rounds": options.rounds, "seconds": options.seconds,
                        "warmupSeconds": options.warmup}
        self.data = {"machine": machine(), "versions": {}, "cases": {}, "extras": {}}
        if options.only and self.file.exists():
            before = json.loads(gzip.decompress(self.file.read_bytes()))
            if not same_machine(before["machine"], self.data["machine"]):
                for measured in (*before["cases"].values(), *before["extras"].values()):
                    measured.setdefault("machine", before["machine"])
            self.data = before | {"machine": self.data["machine"]}
        self.data["versions"] |= {peer.name: {"title": peer.title, "version": peers.version_of(peer)} for peer in used}
        self.titles = {name: version["title"] for name, version in self.data["versions"].items()} | self.titles

    def add(self, section, name, measured):
        measured["measured"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.data[section][name] = measured | {"setting": self.setting}
        self.directory.mkdir(parents=True, exist_ok=True)
        # Without the time, so that the same results are the same file.
        self.file.write_bytes(gzip.compress(json.dumps(self.data, ensure_ascii=False).encode(), mtime=0))
        (self.directory / "results.md").write_text(self.summary(), encoding="utf-8")
        (self.directory / "details.md").write_text(self.details(), encoding="utf-8")
        self.plot(self.directory / "results.svg")

    # ---- the tables

    def cases(self):
        """Those that were measured, in the order of cases.py."""
        return [(case, self.data["cases"][case.name]) for case in CASES if case.name in self.data["cases"]]

    def elsewhere(self, measured):
        """The machine that it was measured on, where that is not the one of the rest; else None."""
        other = measured.get("machine")
        return other if other and not same_machine(other, self.data["machine"]) else None

    def goal_table(self):
        rows = []
        for case, measured in self.cases():
            title = case.title + (" †" if self.elsewhere(measured) else "")
            pairs = {}
            for goal in measured["goals"]:
                pairs.setdefault((goal["subject"], goal["against"]), []).append(goal)
            other = pairs.pop(("vecho-other-jdk", "vecho"), None)
            other = marked(f"{other[0]['ratio']:.2f}", other) if other else ""
            for (subject, against), goals in pairs.items():
                main, *more = goals
                figure = main.get("figure", "perSecond")
                both = [measured["peers"][name] for name in (subject, against)]
                rows.append([title + FIGURES[figure], self.titles[subject], self.titles[against],
                             f"≥ {main['atLeast']:.2f}", f"{main['ratio']:.2f}",
                             f"{main['least']:.2f}–{main['most']:.2f}", "yes" if main["reached"] else "**no**",
                             *(marked(" / ".join(f"{row[key]:,.{digits}f}" for row in both),
                                      [goal for goal in more if goal["figure"] == key]) for key, digits in
                               (("p99Micros", 0), ("p999Micros", 0), ("serverMicrosPerMessage", 2))), other])
                other = ""
            for name, failure in measured["failures"].items():
                rows.append([title, self.titles[name], "", "", "failed", failure[:80].replace("\n", " "), "**no**",
                             "", "", "", ""])
        for name in EXTRAS:
            measured = self.data["extras"].get(name, {})
            for goal in measured.get("goals", []):
                rows.append([goal["what"] + (" †" if self.elsewhere(measured) else ""), self.titles.get("vecho", "Vecho"), "", f"≤ {goal['atMost']:g}" if "atMost" in goal else f"≥ {goal['atLeast']:.2f}",
                             f"{goal['value']:.2f}", "", "yes" if goal["reached"] else "**no**", "", "", "", ""])
        return table(["case", "server", "against", "goal", "ratio", "least–most", "reached", "p99 µs, both",
                      "p99.9 µs, both", "server CPU µs each, both", "JDK 25"], rows) + (
            "\nIn **bold**: a goal that is not reached. Of p99, p99.9 and, where the load is `vecho bench`, the server's CPU time it is 1.00 "
            "of the other's. JDK 25 is measured by what JDK 17 does, and has to reach 0.97.\n")

    def how(self):
        others = {told(other) for measured in (*self.data["cases"].values(), *self.data["extras"].values())
                  if (other := self.elsewhere(measured))}
        return (f"{told(self.data['machine'])}. "
                + (f"† on {'; or '.join(sorted(others))}. " if others else "") + "The server on one core, the load generator on another. "
                "Every echo was compared byte by byte. Each figure is a median over the rounds; a ratio is the median of the "
                "ratios within each round. Of latencies it is the other server's by Vecho's, so that more is better "
                "everywhere.\n")

    def summary(self):
        return "\n".join(["# Results\n", self.how(), "![Vecho beside the others](results.svg)\n", self.goal_table(),
                          "[Each case](details.md), with all servers. `results.json.gz` has every round.\n"])

    def details(self):
        parts = ["# Each case\n", self.how()]
        for case, measured in self.cases():
            other = self.elsewhere(measured)
            parts += [f"## {case.title}\n", *([f"On {told(other)}.\n"] if other else []), self.case_table(measured)]
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
        if any(row.get("beside") for row in measured["peers"].values()):
            note += "Beside it: " + ", ".join(f"{self.titles[name]} {row['beside'] / (1 << 20):,.0f} MiB/s"
                                              for name, row in measured["peers"].items()) + ".\n"
        if measured.get("bench"):
            note += "The generator is `vecho bench`.\n"
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
        if name == "management":
            return title + managed_tables(measured)
        if name == "line":
            return title + line_table(measured)
        if name == "many":
            return title + table(["server", "kind", "connections", "KB each", "s to open and settle", "messages/s of 50 busy ones among them, of alone", "p99 µs alone", "p99 µs among them"],
                                 [[row["title"], row["kind"], f"{row['connections']:,}", f"{row['kilobytes']:.2f}",
                                   f"{row['openSeconds']:.1f}", f"{row['perSecond']:.2f}", f"{row['aloneP99Micros']:,.0f}",
                                   f"{row['amongP99Micros']:,.0f}"] for row in measured["rows"]])
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
        """What a reader wants to know first: a line for each case, with Vecho's ratio to what it is compared with."""
        import matplotlib
        matplotlib.use("svg")
        matplotlib.rcParams |= {"svg.hashsalt": "vecho", "svg.fonttype": "none", "font.size": 8}
        from matplotlib import pyplot

        cases = [(case, measured) for case, measured in reversed(self.cases())
                 if "vecho" in measured["rounds"] and measured["base"] in measured["rounds"]]
        if not cases:
            return
        figure, axes = pyplot.subplots(1, 2, figsize=(9, 1 + 0.2 * len(cases)), sharey=True)
        for axis, key, title in zip(axes, ("perSecond", "p99Micros"), ("messages a second", "p99 (the other's by Vecho's)")):
            for line, (case, measured) in enumerate(cases):
                for name in measured["rounds"]:
                    if name == measured["base"] or name in ("vecho-before", "vecho-other-jdk", "vecho-sleep"):
                        continue
                    values = sorted(ratios(measured, name, key))
                    colour = ACCENT if name == "vecho" else PLAIN
                    if name == "vecho":
                        axis.plot([values[len(values) // 4], values[-1 - len(values) // 4]], [line, line], color=colour,
                                  linewidth=1)
                    axis.plot(values[len(values) // 2], line, "o" if name == "vecho" else "|", color=colour,
                              zorder=3 if name == "vecho" else 2)
            axis.axvline(1, color="black", linewidth=0.6, linestyle=":")
            axis.set_xscale("log", base=2)
            axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
            axis.set_title(title, fontsize=9)
            axis.grid(axis="y", linewidth=0.2)
            for side in ("top", "right"):
                axis.spines[side].set_visible(False)
        axes[0].set_yticks(range(len(cases)), [f"{case.title}, to {self.titles[measured['base']]}" for case, measured in cases])
        figure.suptitle("Vecho (dots, with the middle half of the rounds), and others (bars)", fontsize=9)
        figure.tight_layout()
        figure.savefig(file, metadata={"Date": None})
        pyplot.close(figure)


def ratios(measured, name, figure):
    """Of each round, to what the case is compared with; of latencies the other way round."""
    values = [one[figure] / other[figure] for one, other in zip(measured["rounds"][name], measured["rounds"][measured["base"]])]
    return values if figure == "perSecond" else [1 / value for value in values]


def line_table(measured):
    check = measured["check"]
    rows = [[f"check of {check['bytes'] >> 20:,} MiB, GB/s each way", *(f"{median(check['rates'][name]) / 1e9:.2f}" for name in ("check", "iperf3")),
             f"{check['ratio']:.2f}"]]
    rows += [[f"bench, {title}, messages/s", *(f"{median(row['rates'][name]):,.0f}" for name in ("bench", "c")), f"{row['ratio']:.2f}"]
             for title, row in measured["bench"].items()]
    return table(["what", "Vecho", "iperf3, or the generator in C", "ratio"], rows) + (
        f"The check needed {check['residentMegabytes']:.0f} MB at most.\n")


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


def marked(cell, goals):
    return f"**{cell}**" if any(not goal["reached"] for goal in goals) else cell


def table(head, rows):
    """A Markdown table that is readable as text, too."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]) + "\n"

// Draws the run that stands in the page. Everything from it becomes text, never markup.
"use strict";

const run = JSON.parse(document.getElementById("run").textContent);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const millis = (value) => (value === undefined ? "" : value.toFixed(3));
const PLOT_HEIGHT = 200;

function element(name, parent, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function verdict(parent, word) {
  return element("span", parent, word, `verdict ${word}`);
}

function overview() {
  verdict(document.getElementById("verdict"), run.verdict);
  const seconds = (run.durationMillis / 1000).toFixed(1);
  document.getElementById("about").textContent =
    `${run.startedAt.replace(/\..*Z$/, "Z")}, ${seconds} s` + (run.cancelled ? ", ended before its time" : "");
  const table = document.getElementById("overview");
  const head = element("tr", table.tHead);
  for (const title of ["case", "verdict", "rounds", "failed", "min ms", "mean ms", "p90 ms", "p99 ms", "max ms"]) {
    element("th", head, title).scope = "col";
  }
  for (const each of run.cases) {
    const row = element("tr", table.tBodies[0]);
    const trips = each.summary.roundTrips ?? {};
    element("td", row, each.name);
    verdict(element("td", row), each.verdict);
    element("td", row, each.summary.rounds);
    element("td", row, each.summary.failed);
    for (const key of ["min", "mean", "p90", "p99", "max"]) element("td", row, millis(trips[key]));
  }
}

/** A plot as wide as its place, drawn anew when that changes. */
function plot(parent, caption, data, series, x) {
  const figure = element("figure", parent);
  element("figcaption", figure, caption);
  const axis = { stroke: colour("soft"), grid: { stroke: colour("edge"), width: 1 }, ticks: { stroke: colour("edge") } };
  const drawn = new uPlot(
    {
      width: figure.clientWidth || 300,
      height: PLOT_HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { x: { time: false, ...x }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] } },
      axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 1000, 10000, 100000], values: x?.values, splits: x?.splits }, { ...axis, size: 60 }],
      series: [{}, ...series],
    },
    data,
    figure,
  );
  new ResizeObserver(() => drawn.setSize({ width: figure.clientWidth, height: PLOT_HEIGHT })).observe(figure);
}

function plots(section, each) {
  const place = element("div", section, undefined, "plots");
  const judged = each.rounds;
  const means = judged.map((round) => round.roundTrips?.mean ?? null);
  const failed = judged.map((round) => (round.verdict === "passed" ? null : (round.roundTrips?.mean ?? 0)));
  if (judged.length > 0) {
    const left = each.roundsLeftOut > 0 ? `; ${each.roundsLeftOut} rounds between the first and the last are left out` : "";
    plot(place, `Mean round trip of each round, ms; failed rounds are marked${left}`,
      [judged.map((round) => round.round), means, failed],
      [
        { stroke: colour("line"), width: 1.5, points: { show: judged.length < 60 } },
        { stroke: colour("failed"), width: 0, paths: () => null, points: { show: true, size: 8, fill: colour("failed") } },
      ],
      judged.length === 1 ? { range: [judged[0].round - 1, judged[0].round + 1] } : {});
  }
  const trips = each.summary.roundTrips;
  if (trips) {
    const names = ["min", "p50", "p90", "p99", "p999", "max"];
    plot(place, "Round trips of all rounds, ms",
      [names.map((_, index) => index), names.map((name) => trips[name])],
      [{ stroke: colour("line"), fill: colour("line") + "80", paths: uPlot.paths.bars({ size: [0.6] }), points: { show: false } }],
      {
        range: [-0.6, names.length - 0.4],
        splits: () => names.map((_, index) => index),
        values: () => names,
      });
  }
}

function cases() {
  for (const each of run.cases) {
    const section = element("section", document.getElementById("cases"));
    const title = element("h2", section, `${each.name} `);
    verdict(title, each.verdict);
    plots(section, each);
    const bad = each.rounds.filter((round) => round.verdict !== "passed");
    if (each.diagnosis) element("p", section, `${each.diagnosis.word}: ${each.diagnosis.sentence}`, "failed");
    if (bad.length > 0) {
      const list = element("ul", section, undefined, "failures");
      for (const round of bad) {
        const item = element("li", list, `round ${round.round}: `);
        element("span", item, round.diagnosis?.word ?? round.verdict, `verdict ${round.verdict}`);
        element("span", item, ` ${round.diagnosis?.sentence ?? ""}`);
        if (round.diagnosis?.expected !== undefined) {
          element("br", item);
          element("code", item, `expected ${round.diagnosis.expected} found ${round.diagnosis.found ?? ""}`);
        }
      }
    }
  }
}

overview();
cases();

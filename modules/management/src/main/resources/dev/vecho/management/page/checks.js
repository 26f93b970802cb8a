// The checks on a schedule: what each finds, the failing ones first, and for each one how it was.

import uPlot from "./uPlot.esm.js";
import { json } from "./api.js";
import { colour, count, duration, make, since, time, write } from "./format.js";
import { spark } from "./spark.js";

const AGAIN_MILLIS = 2000;
const RANK = { failing: 0, unknown: 1, ok: 2 };
const LEVEL = { failing: "bad", unknown: "quiet", ok: "ok" };
const RANGES = [["seconds", "ten minutes"], ["minutes", "a day"], ["hours", "30 days"]];
const SPAN_SECONDS = { seconds: 600, minutes: 86_400, hours: 30 * 86_400 };

/** More failures and changes than these are for GET /checks/NAME. */
const SHOWN = 20;

const at = (id) => document.getElementById(id);
const cards = new Map();

let known = [];
let now = new Date().toISOString();
let opened;

function millis(value) {
  return value === undefined || value === null ? "–" : (value < 10 ? value.toFixed(2) : value < 1000 ? value.toFixed(1) : Math.round(value)) + " ms";
}

function idOf(name) {
  return "check-" + name;
}

function sentence(diagnosis) {
  return diagnosis ? diagnosis.word + ": " + diagnosis.sentence : "";
}

/** What the headline should say of them. */
export function checkProblems() {
  return known
    .filter((check) => check.state === "failing" || check.problem)
    .map((check) => ({
      level: "bad",
      what: "Check " + check.name + " fails" + (check.diagnosis ? ": " + check.diagnosis.word : ""),
      why: check.problem ?? check.diagnosis?.sentence,
      since: check.since,
      next: "its last failures, and since when: the card of the check",
      link: "#" + idOf(check.name),
    }));
}

class Recent {
  constructor() {
    this.value = make("b");
    this.plot = make("div", { class: "plot", role: "img" });
    this.name = make("span");
    this.counts = make("p", { class: "addresses" });
    this.element = make("div", { class: "spark" }, make("div", { class: "spark-name" }, this.name, this.value), this.plot, this.counts);
  }

  show(each) {
    const { recent } = each;
    write(this.name, each.target + " " + each.state);
    write(this.value, "p50 " + millis(recent.p50Millis) + ", p99 " + millis(recent.p99Millis));
    write(this.counts, count(each.rounds) + " rounds, " + count(each.failed) + " failed, " + count(each.missed) + " missed");
    this.plot.setAttribute("aria-label", "the last " + recent.rounds + " rounds, of which " + recent.failed + " failed");
    if (this.plot.clientWidth > 0) {
      const failed = recent.millis.map((value) => (value === null ? 0 : null));
      const series = [
        { stroke: () => colour("in"), width: 1.5, points: { show: false } },
        { stroke: () => colour("bad"), width: 0, points: { show: true, size: 6, fill: () => colour("bad") } },
      ];
      this.drawn = spark(this.drawn, this.plot, [-100, 0], series, [recent.millis.map((_, i) => i - recent.millis.length), recent.millis, failed]);
    }
  }
}

function create(name) {
  const card = {
    badge: make("span", { class: "badge quiet" }),
    open: make("button", { type: "button" }, name),
    when: make("p", { class: "addresses" }),
    reason: make("p", { class: "reason" }),
    cases: make("div"),
    recents: new Map(),
  };
  card.open.addEventListener("click", () => show(name));
  card.element = make("article", { class: "card", id: idOf(name), "aria-label": "Check " + name }, make("div", { class: "card-top" }, make("h3", {}, card.open), card.badge), card.when, card.reason, card.cases);
  return card;
}

function update(card, check) {
  const level = check.problem ? "bad" : LEVEL[check.state];
  card.element.className = "card " + level;
  card.badge.className = "badge " + level;
  write(card.badge, check.state === "failing" && check.diagnosis ? check.diagnosis.word : check.state);
  write(card.when, check.state + " since " + since(check.since, now) + ", every " + duration(check.everyMillis));
  write(card.reason, check.problem ?? sentence(check.diagnosis));
  card.reason.hidden = card.reason.textContent === "";
  const names = new Set(check.cases.map((each) => each.name));
  for (const [name, recent] of card.recents) {
    if (!names.has(name)) {
      recent.drawn?.destroy();
      recent.element.remove();
      card.recents.delete(name);
    }
  }
  for (const each of check.cases) {
    if (!card.recents.has(each.name)) {
      const recent = new Recent();
      card.recents.set(each.name, recent);
      card.cases.append(recent.element);
    }
    card.recents.get(each.name).show(each);
  }
}

function showAll() {
  const names = new Set(known.map((each) => each.name));
  for (const [name, card] of cards) {
    if (!names.has(name)) {
      card.element.remove();
      cards.delete(name);
    }
  }
  const container = at("checks-content");
  const sorted = [...known].sort((a, b) => RANK[a.state] - RANK[b.state] || a.name.localeCompare(b.name));
  sorted.forEach((check, i) => {
    if (!cards.has(check.name)) {
      cards.set(check.name, create(check.name));
    }
    const card = cards.get(check.name);
    // What has the focus stays where it is.
    if (container.children[i] !== card.element && !container.contains(document.activeElement)) {
      container.insertBefore(card.element, container.children[i] ?? null);
    } else if (!card.element.isConnected) {
      container.append(card.element);
    }
    update(card, check);
  });
}

/** Bands from the tenth to the 99th percentile, the median as a line, failed rounds and lost bytes as colour. */
function smoke(history, into) {
  const failed = history.rounds.map((_, i) => (history.failed[i] > 0 || history.lost[i] > 0 ? 0 : null));
  const data = [history.at, history.p99, history.p90, history.p50, history.p10, failed];
  const band = (alpha) => () => colour("in") + alpha;
  const axis = { stroke: () => colour("soft"), grid: { stroke: () => colour("edge"), width: 1 } };
  return new uPlot(
    {
      width: into.clientWidth,
      height: 220,
      cursor: { show: false },
      legend: { show: false },
      select: { show: false },
      axes: [axis, { ...axis, size: 64, values: (_, all) => all.map((value) => value + " ms") }],
      scales: { x: { range: [Date.now() / 1000 - SPAN_SECONDS[history.resolution], Date.now() / 1000] }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] } },
      bands: [{ series: [1, 2], fill: band("33") }, { series: [2, 4], fill: band("66") }],
      series: [
        {},
        { points: { show: false }, width: 0, stroke: () => colour("in") },
        { points: { show: false }, width: 0, stroke: () => colour("in") },
        { width: 2, stroke: () => colour("text"), points: { size: 4 } },
        { points: { show: false }, width: 0, stroke: () => colour("in") },
        { width: 0, stroke: () => colour("bad"), points: { show: true, size: 7, fill: () => colour("bad") } },
      ],
    },
    data,
    into,
  );
}

async function draw() {
  const name = opened;
  const { histories } = await json("/checks/" + encodeURIComponent(name) + "/history?resolution=" + at("check-range").value);
  if (opened !== name) {
    return;
  }
  at("check-plots").replaceChildren();
  for (const history of histories) {
    const plot = make("div", { class: "plot", role: "img" });
    const failed = history.failed.reduce((sum, each) => sum + each, 0);
    const words = history.at.length === 0 ? "no rounds in this time" : count(failed) + " failed rounds in " + count(history.rounds.reduce((sum, each) => sum + each, 0));
    plot.setAttribute("aria-label", "round trips of " + history.case + ", " + words);
    at("check-plots").append(make("h3", {}, history.case), make("p", { class: "note" }, words), plot);
    if (history.at.length > 0) {
      smoke(history, plot);
    }
  }
}

function lines(of, all, line) {
  at(of).replaceChildren(...(all.length === 0 ? [make("li", {}, "none")] : all.slice(0, SHOWN).map((each) => make("li", {}, line(each)))));
}

async function show(name) {
  opened = name;
  const check = await json("/checks/" + encodeURIComponent(name));
  write(at("check-title"), "Check " + name);
  write(at("check-now"), check.state + " since " + since(check.since, now) + (check.diagnosis ? ". " + sentence(check.diagnosis) : ""));
  lines("check-failures", check.failures, (each) => time(each.startedAt ?? each.at) + " " + each.case + ": " + sentence(each.diagnosis));
  lines("check-changes", check.changes, (each) => time(each.at) + " " + each.from + " → " + each.to + (each.case ? ", " + each.case : "") + (each.diagnosis ? ", " + each.diagnosis.word : ""));
  at("check").showModal();
  await draw();
}

async function look() {
  try {
    if (!document.hidden) {
      const { checks } = await json("/checks");
      now = new Date().toISOString();
      known = checks;
      showAll();
      at("checks").hidden = known.length === 0;
    }
  } catch {
    // The headline tells of a service that does not answer; who is signed out sees the form.
    known = [];
  }
  setTimeout(look, AGAIN_MILLIS);
}

/** Shows them if the service answers to GET /checks, which its description says. */
export async function startChecks(description) {
  if ("/checks" in description.paths) {
    at("check-range").append(...RANGES.map(([value, name]) => make("option", { value }, name)));
    at("check-range").addEventListener("change", draw);
    at("check").addEventListener("close", () => (opened = undefined));
    look();
  }
}

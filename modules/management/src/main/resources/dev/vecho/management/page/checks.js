// The checks on a schedule: what each finds, the failing ones first, and for each one how it was.

import uPlot from "./uPlot.esm.js";
import { json } from "./api.js";
import { colour, count, dump, duration, make, since, time, words, write } from "./format.js";
import { spark } from "./spark.js";

const AGAIN_MILLIS = 2000;
const LEVEL = { failing: "bad", unknown: "quiet", ok: "ok" };
const RANGES = [["seconds", "ten minutes"], ["minutes", "a day"], ["hours", "30 days"]];
const SPAN_SECONDS = { seconds: 600, minutes: 86_400, hours: 30 * 86_400 };

/** More failures and changes than these are for GET /checks/NAME. */
const SHOWN = 20;

/** So many cards are shown, and that many more each time that somebody asks; the service gives no more than MOST. */
const CARDS = 40;
const MOST = 1000;

const MILLIS_PER_DAY = 86_400_000;

const at = (id) => document.getElementById(id);
const cards = new Map();

let known = [];
let failing = [];
let failingCount = 0;
let wanted = CARDS;
let timer;
let looks = 0;
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
  const all = failing.map((check) => ({
    level: "bad",
    what: "Check " + check.name + " fails" + (check.diagnosis ? ": " + check.diagnosis.word : ""),
    why: check.problem ?? check.diagnosis?.sentence,
    since: check.since,
    next: "its last failures, and since when: the card of the check",
    link: "#" + idOf(check.name),
  }));
  if (failingCount > failing.length) {
    all.push({ level: "bad", what: count(failingCount - failing.length) + " more checks fail", next: "the cards of the checks, those that fail first", link: "#checks" });
  }
  return all;
}

const recents = new WeakMap();

// What nobody sees is not drawn.
const watcher = new IntersectionObserver((entries) =>
  entries.forEach((entry) => {
    const recent = recents.get(entry.target);
    recent.visible = entry.isIntersecting;
    recent.draw();
  }),
);

class Recent {
  constructor() {
    this.value = make("b");
    this.plot = make("div", { class: "plot", role: "img" });
    this.name = make("span");
    this.counts = make("p", { class: "addresses" });
    this.element = make("div", { class: "spark" }, make("div", { class: "spark-name" }, this.name, this.value), this.plot, this.counts);
    recents.set(this.plot, this);
    watcher.observe(this.plot);
  }

  show(each) {
    const { recent } = each;
    write(this.name, each.target + " " + each.state);
    write(this.value, "p50 " + millis(recent.p50Millis) + ", p99 " + millis(recent.p99Millis));
    write(this.counts, count(each.rounds) + " rounds, " + count(each.failed) + " failed, " + count(each.missed) + " missed");
    this.plot.setAttribute("aria-label", "the last " + recent.rounds + " rounds, of which " + recent.failed + " failed");
    this.millis = recent.millis;
  }

  /** After all texts are written: to ask for a width in between would lay the page out again for each. */
  draw() {
    if (this.visible && this.plot.clientWidth > 0) {
      const failed = this.millis.map((value) => (value === null ? 0 : null));
      const series = [
        { stroke: () => colour("in"), width: 1.5, points: { show: false } },
        { stroke: () => colour("bad"), width: 0, points: { show: true, size: 6, fill: () => colour("bad") } },
      ];
      this.drawn = spark(this.drawn, this.plot, [-100, 0], series, [this.millis.map((_, i) => i - this.millis.length), this.millis, failed]);
    }
  }

  remove() {
    watcher.unobserve(this.plot);
    this.drawn?.destroy();
    this.element.remove();
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
      recent.remove();
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
      for (const recent of card.recents.values()) {
        recent.remove();
      }
      cards.delete(name);
    }
  }
  const container = at("checks-content");
  known.forEach((check, i) => {
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
  cards.forEach((card) => card.recents.forEach((recent) => recent.draw()));
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
  at(of).replaceChildren(...(all.length === 0 ? [make("li", {}, "none")] : all.slice(0, SHOWN).map((each) => make("li", {}, ...[line(each)].flat()))));
}

function list(facts) {
  const all = Object.entries(facts).filter(([, value]) => value !== undefined);
  return make("dl", { class: "facts" }, ...all.flatMap(([key, value]) => [make("dt", {}, words(key)), make("dd", {}, String(value))]));
}

/** The certificates that the peer has shown, its own first. */
function chain(details) {
  const all = [];
  for (let i = 0, name = "peer"; details[name]; name = "peerChain" + ++i) {
    const ends = details[name + "Expires"];
    const days = Math.floor((new Date(ends) - new Date(now)) / MILLIS_PER_DAY);
    all.push([details[name], details[name + "Issuer"], days < 0 ? "expired " + time(ends) : count(days), days]);
  }
  if (all.length === 0) {
    return "";
  }
  const row = ([subject, issuer, left, days]) => make("tr", {}, make("td", {}, subject), make("td", {}, issuer ?? "–"), make("td", { class: days < 14 ? "error" : null }, left));
  const head = make("tr", {}, ...["Certificate", "Issuer", "Days left"].map((each) => make("th", { scope: "col" }, each)));
  return make("div", { class: "sideways" }, make("table", { class: "chain" }, make("thead", {}, head), make("tbody", {}, ...all.map(row))));
}

function lastRound(each) {
  const { last } = each;
  if (!last) {
    return make("p", {}, each.name + ": none yet");
  }
  const rest = Object.fromEntries(Object.entries(last.details).filter(([key]) => !key.startsWith("peerChain") && !["peer", "peerIssuer", "peerExpires"].includes(key)));
  return make("section", {}, make("h4", {}, each.name + ": " + last.verdict + ", " + time(last.startedAt) + ", " + millis(last.durationMillis)), list({ ...last.phases, from: last.localAddress, to: last.remoteAddress, ...rest }), chain(last.details));
}

/** What was expected and what was found, from the first wrong byte on. */
function bytesOf({ expected, found, offset }) {
  const one = (name, hex) => (hex === undefined ? [] : [name + (hex === "" ? " nothing" : "\n" + dump(hex, offset))]);
  const text = [...one("expected", expected), ...one("found", found)].join("\n");
  return text === "" ? "" : make("pre", {}, text);
}

function failure(each) {
  const { diagnosis } = each;
  const more = list({ took: millis(each.durationMillis), step: diagnosis.step === undefined ? undefined : diagnosis.step + 1, ...each.phases, from: each.localAddress, to: each.remoteAddress, sent: count(each.bytesSent) + " bytes", received: count(each.bytesReceived) + " bytes" });
  return [time(each.startedAt) + " " + each.case + ": " + sentence(diagnosis), bytesOf(diagnosis), make("details", {}, make("summary", {}, "phases and addresses"), more)];
}

async function show(name) {
  opened = name;
  const check = await json("/checks/" + encodeURIComponent(name));
  write(at("check-title"), "Check " + name);
  write(at("check-now"), check.state + " since " + since(check.since, now) + (check.diagnosis ? ". " + sentence(check.diagnosis) : ""));
  at("check-last").replaceChildren(...check.cases.slice(0, SHOWN).map(lastRound));
  lines("check-failures", check.failures, failure);
  lines("check-changes", check.changes, (each) => time(each.at) + " " + each.from + " → " + each.to + (each.case ? ", " + each.case : "") + (each.diagnosis ? ", " + each.diagnosis.word : ""));
  at("check").showModal();
  await draw();
}

function asked() {
  const query = new URLSearchParams({ order: "state", limit: Math.min(wanted, MOST) });
  if (at("check-name").value.trim()) {
    query.set("name", at("check-name").value.trim());
  }
  if (at("check-state").value) {
    query.set("state", at("check-state").value);
  }
  return query;
}

/** Reads and shows them once, and again and again from then on. */
export async function look() {
  clearTimeout(timer);
  const mine = ++looks;
  try {
    if (!document.hidden) {
      const query = asked();
      const page = await json("/checks?" + query);
      // What is broken is told whatever is filtered.
      const filtered = query.has("name") || query.has("state");
      const all = filtered && page.states.failing > 0 ? await json("/checks?state=failing&limit=" + CARDS) : page;
      if (mine !== looks) {
        return;
      }
      const began = performance.now();
      now = new Date().toISOString();
      known = page.checks;
      failing = filtered && page.states.failing === 0 ? [] : all.checks.filter((check) => check.state === "failing");
      failingCount = page.states.failing;
      showAll();
      at("checks").hidden = page.total === 0;
      write(at("check-count"), count(known.length) + " of " + count(page.matching) + " checks" + (page.matching < page.total ? ", " + count(page.total) + " in all" : ""));
      at("more-checks").hidden = !page.next || wanted >= MOST;
      performance.measure("checks", { start: began, end: performance.now() });
      performance.clearMeasures("checks");
    }
  } catch {
    // The headline tells of a service that does not answer; who is signed out sees the form.
    known = [];
    failing = [];
    failingCount = 0;
  }
  if (mine === looks) {
    timer = setTimeout(look, AGAIN_MILLIS);
  }
}

export function startChecks() {
  at("check-range").append(...RANGES.map(([value, name]) => make("option", { value }, name)));
  at("check-range").addEventListener("change", draw);
  at("check-filter").addEventListener("submit", (event) => event.preventDefault());
  at("check-filter").addEventListener("input", look);
  at("more-checks").addEventListener("click", () => {
    wanted += CARDS;
    look();
  });
  at("check").addEventListener("close", () => (opened = undefined));
  look();
}

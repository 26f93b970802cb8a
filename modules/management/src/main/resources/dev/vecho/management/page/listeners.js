// The listeners: a card for each, with what it did in the last minutes.

import { bytes, colour, count, duration, make, time, write } from "./format.js";
import { stateOf } from "./headline.js";
import { spark } from "./spark.js";

/** As the service keeps it. */
const SECONDS = 300;

// Places in what the service tells of a second.
const ACCEPTED = 0;
const RECEIVED = 3;
const SENT = 4;
const ACTIVE = 5;

const SPARKS = [
  { name: "bytes in, out", lines: [{ at: RECEIVED, colour: "in", name: "bytes in" }, { at: SENT, colour: "out", name: "out" }], now: (s) => bytes(s[RECEIVED]) + "/s, " + bytes(s[SENT]) + "/s" },
  { name: "new connections", lines: [{ at: ACCEPTED, colour: "in", name: "new connections" }], now: (s) => count(s[ACCEPTED]) + "/s" },
  { name: "open connections", lines: [{ at: ACTIVE, colour: "active", name: "open connections" }], now: (s) => count(s[ACTIVE]) },
];

const cards = new Map();

// What nobody sees is not drawn.
const watcher = new IntersectionObserver((entries) =>
  entries.forEach((entry) => {
    const card = [...cards.values()].find((each) => each.element === entry.target);
    if (card) {
      card.visible = entry.isIntersecting;
      draw(card);
    }
  }),
);

class Spark {
  constructor(kind) {
    this.kind = kind;
    this.value = make("b");
    this.plot = make("div", { class: "plot", role: "img" });
    this.element = make("div", { class: "spark" }, make("div", { class: "spark-name" }, make("span", {}, ...kind.lines.flatMap((line, i) => [i > 0 ? ", " : "", make("span", { class: "key-" + line.colour }, line.name)])), this.value), this.plot);
  }

  draw(seconds) {
    const data = [seconds.map((_, i) => i - seconds.length), ...this.kind.lines.map((line) => seconds.map((each) => each[line.at]))];
    const last = seconds.at(-1);
    write(this.value, this.kind.now(last));
    const top = Math.max(...data.slice(1).flat());
    const unit = this.kind.lines[0].at === RECEIVED ? bytes : count;
    this.plot.setAttribute("aria-label", this.kind.name + " in the last " + duration(seconds.length * 1000) + ": now " + this.kind.now(last) + ", at most " + unit(top));
    if (this.plot.clientWidth > 0) {
      const series = this.kind.lines.map((line) => ({ stroke: () => colour(line.colour), width: 1.5, points: { show: false } }));
      this.drawn = spark(this.drawn, this.plot, [-SECONDS, 0], series, data);
    }
  }
}

function create(listener) {
  const card = {
    element: make("article", { class: "card", id: "listener-" + listener.name, "aria-label": "Listener " + listener.name }),
    badge: make("span", { class: "badge quiet" }),
    transport: make("span", { class: "note" }),
    addresses: make("p", { class: "addresses" }),
    reason: make("p", { class: "reason" }),
    sparks: SPARKS.map((kind) => new Spark(kind)),
    facts: make("dl"),
    seconds: [],
    visible: false,
  };
  card.element.append(
    make("div", { class: "card-top" }, make("h3", {}, listener.name, " ", card.transport), card.badge),
    card.addresses,
    card.reason,
    ...card.sparks.map((each) => each.element),
    card.facts,
  );
  watcher.observe(card.element);
  return card;
}

function draw(card) {
  if (card.visible && card.seconds.length > 0) {
    card.sparks.forEach((each) => each.draw(card.seconds));
  }
}

function reasons(total, byReason) {
  const parts = Object.entries(byReason).map(([reason, number]) => count(number) + " " + reason);
  return count(total) + (parts.length > 0 ? " (" + parts.join(", ") + ")" : "");
}

function factsOf(listener) {
  const facts = [
    ["accepted", count(listener.accepted)],
    ["failed", reasons(listener.failed, listener.failures)],
    ["refused", reasons(listener.refused, listener.refusals)],
  ];
  if (listener.lastFailure) {
    facts.push(["last failure", time(listener.lastFailure)]);
  }
  listener.certificates.forEach((each) => facts.push(["certificate", each.subject + ": " + count(each.daysLeft) + " days left"]));
  return facts;
}

function update(card, listener, snapshot) {
  const state = stateOf(listener, snapshot);
  card.element.className = "card " + state.level;
  card.badge.className = "badge " + state.level;
  write(card.badge, state.word);
  write(card.transport, listener.transport);
  write(card.addresses, listener.addresses.join(" "));
  write(card.reason, state.why ?? "");
  card.reason.hidden = !state.why;
  const facts = factsOf(listener);
  if (card.facts.childElementCount !== 2 * facts.length) {
    card.facts.replaceChildren(...facts.flatMap(() => [make("dt"), make("dd")]));
  }
  facts.forEach(([name, value], i) => {
    write(card.facts.children[2 * i], name);
    write(card.facts.children[2 * i + 1], value);
  });
  draw(card);
}

/** What the listeners did before this page was there. */
export function showHistory(history) {
  for (const [name, seconds] of Object.entries(history.listeners)) {
    const card = cards.get(name);
    if (card) {
      card.seconds = seconds;
    } else {
      early.set(name, seconds);
    }
  }
}

const early = new Map();

export function showListeners(snapshot, add) {
  const container = document.getElementById("listener-cards");
  const names = new Set(snapshot.listeners.map((each) => each.name));
  for (const [name, card] of cards) {
    if (!names.has(name)) {
      watcher.unobserve(card.element);
      card.sparks.forEach((each) => each.drawn?.destroy());
      card.element.remove();
      cards.delete(name);
    }
  }
  snapshot.listeners.forEach((listener, i) => {
    if (!cards.has(listener.name)) {
      const card = create(listener);
      card.seconds = early.get(listener.name) ?? [];
      cards.set(listener.name, card);
      container.insertBefore(card.element, container.children[i] ?? null);
    }
    const card = cards.get(listener.name);
    if (add) {
      card.seconds = [...card.seconds, listener.second].slice(-SECONDS);
    }
    update(card, listener, snapshot);
  });
  early.clear();
}

/** Draws everything again, in other colours or another width. */
export function redraw() {
  for (const card of cards.values()) {
    card.sparks.forEach((each) => {
      each.drawn?.destroy();
      each.drawn = undefined;
    });
    draw(card);
  }
}

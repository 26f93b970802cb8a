// What is bad comes first: what is broken, since when, what to look at next.

import { checkProblems } from "./checks.js";
import { bytes, count, make, since, time, write } from "./format.js";

const DAYS_OF_WARNING = 14;

/** How long a failed or refused connection is news. */
const NEWS_MILLIS = 60_000;

const DOWN = "down";

const RANK = { bad: 0, warn: 1 };

function counted(reasons) {
  return Object.entries(reasons).map(([reason, number]) => count(number) + " " + reason).join(", ");
}

function cause(data) {
  const all = (data.addresses ?? []).filter((each) => each.cause).map((each) => each.address + ": " + each.cause);
  return all.length > 0 ? all.join("; ") : data.cause;
}

function ofCheck(name, known, listeners) {
  const [kind, which] = name.split("/");
  const before = known.before ? "; it was well at " + time(known.before) : " or longer: nobody asked before";
  const problem = { level: "bad", since: known.since, hedge: before };
  if (kind === "listeners") {
    const listener = listeners.find((each) => each.name === which);
    const refused = listener?.refused > 0 ? " · refused since the start: " + counted(listener.refusals) : "";
    return {
      ...problem,
      what: "Listener " + which + " does not echo",
      why: cause(known.data) + refused,
      next: "its card below: is it full, and do its connections wait? The service's log tells more.",
      link: "#listener-" + which,
    };
  }
  if (kind === "event-loops") {
    return { ...problem, what: "Event loop " + which + " does not answer", why: cause(known.data), next: "the log, and a thread dump: jcmd PROCESS Thread.print" };
  }
  if (kind === "cluster") {
    return { ...problem, what: "The service has lost its cluster", why: cause(known.data), next: "the network between the members, and their logs" };
  }
  return null;
}

/** Whether a listener is down, warns or is well, and since when. */
export function stateOf(listener, snapshot) {
  const known = snapshot.health["listeners/" + listener.name];
  if (known && !known.up) {
    return { level: "bad", word: DOWN, why: cause(known.data) };
  }
  const days = Math.min(...listener.certificates.map((each) => each.daysLeft));
  if (days < 0) {
    return { level: "bad", word: "certificate expired" };
  }
  if (days < DAYS_OF_WARNING) {
    return { level: "warn", word: "certificate ends" };
  }
  if (isNews(listener.lastFailure, snapshot)) {
    return { level: "warn", word: "failures" };
  }
  if (isNews(listener.lastRefusal, snapshot)) {
    return { level: "warn", word: "refusals" };
  }
  return known ? { level: "ok", word: "up" } : { level: "quiet", word: "not checked yet" };
}

function isNews(instant, snapshot) {
  return instant && new Date(snapshot.at) - new Date(instant) < NEWS_MILLIS;
}

function ofListener(listener, snapshot) {
  const link = "#listener-" + listener.name;
  const all = [];
  for (const each of listener.certificates) {
    if (each.daysLeft < 0) {
      all.push({ level: "bad", what: "The certificate of " + listener.name + " has expired", why: each.subject, since: each.notAfter, next: "put a new one in its place: the service notices by itself, or at a reload", link });
    } else if (each.daysLeft < DAYS_OF_WARNING) {
      all.push({ level: "warn", what: "The certificate of " + listener.name + " ends in " + each.daysLeft + (each.daysLeft === 1 ? " day" : " days"), why: each.subject + ", until " + each.notAfter, next: "renew it", link });
    }
  }
  if (stateOf(listener, snapshot).word === DOWN) {
    // What fails and is refused there is told with that.
    return all;
  }
  if (isNews(listener.lastFailure, snapshot)) {
    all.push({ level: "warn", what: "Connections of " + listener.name + " fail", why: "since the start: " + counted(listener.failures), last: listener.lastFailure, next: "the reasons, and who they were: accessLog, or --log-level debug", link });
  }
  if (isNews(listener.lastRefusal, snapshot)) {
    all.push({ level: "warn", what: "Connections of " + listener.name + " are refused", why: "since the start: " + counted(listener.refusals), last: listener.lastRefusal, next: "its limits in the configuration, and who fills them: the connections below", link });
  }
  return all;
}

/** All that is wrong, the worst first. */
export function problems(snapshot, lostSince) {
  const all = [];
  if (lostSince) {
    all.push({ level: "bad", what: "The service does not answer", since: lostSince, next: "is the process there, and the way to it? What is shown below is from before." });
  }
  if (snapshot.state === "DRAINING") {
    all.push({ level: "bad", what: "The service is stopping", why: "it takes no new connections", next: "who stopped it, and whether another takes over" });
  }
  for (const [name, known] of Object.entries(snapshot.health)) {
    const problem = known.up ? null : ofCheck(name, known, snapshot.listeners);
    if (problem) {
      all.push(problem);
    }
  }
  if (snapshot.reload?.outcome === "REJECTED") {
    all.push({ level: "warn", what: "The last configuration was rejected; the one before is in effect", why: snapshot.reload.problems.join("; "), since: snapshot.reload.at, next: "mend it, and reload" });
  }
  snapshot.listeners.forEach((listener) => all.push(...ofListener(listener, snapshot)));
  all.push(...checkProblems());
  return all.sort((a, b) => RANK[a.level] - RANK[b.level]);
}

function when(problem, now) {
  if (problem.since) {
    return "Since " + since(problem.since, now) + (problem.hedge ?? "");
  }
  return problem.last ? "The last one at " + since(problem.last, now) : "";
}

function item(problem, now, first) {
  const next = make("p", {}, "Next: ");
  next.append(problem.link ? make("a", { href: problem.link }, problem.next) : problem.next);
  const lines = [
    make("p", { class: "what" }, make("span", { class: "badge " + problem.level }, problem.level === "bad" ? "broken" : "warning"), first ? "" : problem.what),
    problem.why ? make("p", {}, problem.why) : "",
    make("p", {}, when(problem, now)),
    next,
  ];
  return make("li", { class: problem.level }, ...lines);
}

function title(found, snapshot) {
  if (found.length > 0) {
    return found[0].what + (found.length > 1 ? ", and " + (found.length - 1) + " more" : "");
  }
  const unchecked = snapshot.listeners.some((each) => !snapshot.health["listeners/" + each.name]);
  const open = snapshot.listeners.reduce((sum, each) => sum + each.active, 0);
  const rate = snapshot.listeners.reduce((sum, each) => sum + each.second[3], 0);
  return unchecked ? "Looking…" : "All is well: every listener echoes. " + count(open) + " open, " + bytes(rate) + "/s";
}

export function showHeadline(snapshot, lostSince) {
  const now = lostSince ? new Date().toISOString() : snapshot.at;
  const found = problems(snapshot, lostSince);
  const checked = snapshot.listeners.every((each) => snapshot.health["listeners/" + each.name]);
  document.getElementById("headline").className = found.length > 0 ? found[0].level : checked ? "ok" : "quiet";
  write(document.getElementById("headline-title"), title(found, snapshot));
  const list = document.getElementById("problems");
  // A link that has the focus must not be replaced under the reader's finger.
  if (!list.contains(document.activeElement)) {
    list.replaceChildren(...found.map((each, i) => item(each, now, i === 0)));
  }
  document.title = found.length > 0 ? (found[0].level === "bad" ? "✖ " : "▲ ") + found[0].what + " · Vecho" : "✔ Vecho";
}

// The connections: fetched page by page, sorted and filtered here.

import { ask, json } from "./api.js";
import { bytes, count, duration, make, micros, words, write } from "./format.js";

const PAGE = 1000;

/** So many are looked at; a service with more is asked for those of a listener or a peer. */
const MOST = 50_000;

const SHOWN = 100;

const COLUMNS = [
  { name: "remote", label: "From", value: (c) => c.client ?? c.remote, whole: true },
  { name: "listener", label: "Listener", value: (c) => c.listener },
  { name: "state", label: "State", value: (c) => c.state },
  { name: "age", label: "Age", value: (c) => c.ageMillis, text: duration },
  { name: "idle", label: "Idle", value: (c) => c.idleMillis, text: duration },
  { name: "received", label: "In", value: (c) => c.receivedBytes, text: bytes },
  { name: "sent", label: "Out", value: (c) => c.sentBytes, text: bytes },
  { name: "waiting", label: "Waiting", value: (c) => c.waitingBytes, text: bytes },
  { name: "rtt", label: "Round trip", value: (c) => c.path?.rttMicros, text: micros },
  { name: "retransmitted", label: "Resent", value: (c) => c.path?.retransmitted, text: count },
];

let all = [];
let shown = SHOWN;
let sort = { column: COLUMNS[7], down: true };
let loading = 0;

const at = (id) => document.getElementById(id);

function query(cursor) {
  const query = new URLSearchParams({ limit: PAGE });
  if (at("filter-listener").value) {
    query.set("listener", at("filter-listener").value);
  }
  if (at("filter-state").value) {
    query.set("state", at("filter-state").value);
  }
  if (cursor) {
    query.set("cursor", cursor);
  }
  return "/connections?" + query;
}

/** Reads all pages anew. One that was under way ends. */
export async function load() {
  const mine = ++loading;
  const found = [];
  let cursor;
  write(at("connection-count"), "looking…");
  try {
    do {
      const page = await json(query(cursor));
      if (mine !== loading) {
        return;
      }
      found.push(...page.connections);
      cursor = page.next;
      if (all.length === 0) {
        // The first page is better than none.
        all = found;
        render();
      }
    } while (cursor && found.length < MOST);
    all = found;
    render(cursor ? " (only the first: choose a listener or a state)" : "");
  } catch (failure) {
    if (mine === loading) {
      write(at("connection-count"), "The connections cannot be read: " + failure.message);
    }
  }
}

function matching() {
  const text = at("filter-text").value.trim().toLowerCase();
  return text ? all.filter((each) => (each.remote + " " + (each.client ?? "") + " " + each.local).toLowerCase().includes(text)) : all;
}

function compare(a, b) {
  const left = sort.column.value(a);
  const right = sort.column.value(b);
  if (left === right) {
    return 0;
  }
  // What is not known comes last, whichever way.
  if (left === undefined || right === undefined) {
    return left === undefined ? 1 : -1;
  }
  return (left < right ? -1 : 1) * (sort.down ? -1 : 1);
}

function cell(connection, column) {
  const value = column.value(connection);
  const classes = [column.text ? "number" : "", column.whole ? "whole" : ""].join(" ").trim();
  const td = make("td", { role: "cell", "data-label": column.label, class: classes || null });
  if (column.name === "remote") {
    const button = make("button", { type: "button", class: "address", title: "What is known of it" }, value);
    button.addEventListener("click", () => tell(connection));
    td.append(button);
  } else {
    td.append(make("span", { class: column.name === "state" ? "state-" + value : null }, value === undefined ? "–" : column.text ? column.text(value) : value));
  }
  return td;
}

function row(connection) {
  const close = make("button", { type: "button", class: "danger", "aria-label": "Close the connection from " + connection.remote }, "Close");
  close.addEventListener("click", () => confirmClose(connection));
  return make("tr", { role: "row", "data-id": connection.id }, ...COLUMNS.map((column) => cell(connection, column)), make("td", { role: "cell", "data-label": "" }, close));
}

function render(note = "") {
  const found = matching().slice().sort(compare);
  const focused = at("connection-rows").contains(document.activeElement) ? document.activeElement.closest("tr").dataset.id : null;
  at("connection-rows").replaceChildren(...found.slice(0, shown).map(row));
  if (focused) {
    at("connection-rows").querySelector('[data-id="' + CSS.escape(focused) + '"] button')?.focus();
  }
  at("more").hidden = found.length <= shown;
  const some = found.length > shown ? shown + " of " + count(found.length) : count(found.length);
  write(at("connection-count"), some + (found.length === 1 ? " connection" : " connections") + note);
  COLUMNS.forEach((column) => {
    const order = column === sort.column ? (sort.down ? "descending" : "ascending") : "none";
    at("head-" + column.name).setAttribute("aria-sort", order);
  });
  at("sort").value = sort.column.name;
}

/** The kernel's facts, and the rest. */
function tell(connection) {
  write(at("facts-title"), connection.client ?? connection.remote);
  const facts = [];
  const add = (object, prefix) => {
    for (const [key, value] of Object.entries(object)) {
      if (value !== null && typeof value === "object") {
        add(value, key + ": ");
      } else {
        facts.push(make("dt", {}, prefix + words(key)), make("dd", {}, typeof value === "number" ? count(value) : String(value)));
      }
    }
  };
  add(connection, "");
  at("facts-list").replaceChildren(...facts);
  at("facts").showModal();
}

function confirmClose(connection) {
  const dialog = at("confirm");
  write(at("confirm-text"), "From " + connection.remote + " to " + connection.listener + ". Where its client does not have everything yet, " + bytes(connection.waitingBytes) + " when last seen, it is reset and loses that.");
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && close(connection), { once: true });
  dialog.showModal();
}

async function close(connection) {
  try {
    const response = await ask("/connections/" + encodeURIComponent(connection.id), { method: "DELETE" });
    if (!response.ok && response.status !== 404) {
      throw new Error((await response.json()).detail);
    }
    all = all.filter((each) => each.id !== connection.id);
    render();
    at("connection-rows").querySelector("button")?.focus();
  } catch (failure) {
    write(at("connection-count"), "It could not be closed: " + failure.message);
  }
}

function by(column) {
  sort = { column, down: sort.column === column ? !sort.down : column.text !== undefined };
  render();
}

/** Those that a reload has opened or closed. */
export function chooseFrom(names) {
  const select = at("filter-listener");
  const now = [...select.options].slice(1).map((each) => each.value);
  if (now.join() !== names.join()) {
    const chosen = select.value;
    select.replaceChildren(make("option", { value: "" }, "any"), ...names.map((name) => make("option", {}, name)));
    select.value = names.includes(chosen) ? chosen : "";
  }
}

export function startConnections() {
  at("connection-head").replaceChildren(
    ...COLUMNS.map((column) => {
      const button = make("button", { type: "button" }, column.label);
      button.addEventListener("click", () => by(column));
      return make("th", { id: "head-" + column.name, scope: "col", class: column.text ? "number" : null }, button);
    }),
    make("th", { scope: "col" }, "Close"),
  );
  at("sort").replaceChildren(...COLUMNS.map((column) => make("option", { value: column.name }, column.label)));
  at("sort").addEventListener("change", () => by(COLUMNS.find((each) => each.name === at("sort").value)));
  at("filter-text").addEventListener("input", () => render());
  ["filter-listener", "filter-state"].forEach((id) => at(id).addEventListener("change", load));
  at("connection-filter").addEventListener("submit", (event) => {
    event.preventDefault();
    load();
  });
  at("more").addEventListener("click", () => {
    shown += SHOWN;
    render();
  });
}

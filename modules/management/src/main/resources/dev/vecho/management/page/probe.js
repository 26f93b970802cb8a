// Has the service play a script against a target, and shows what happens while it happens.

import { events, json, Unauthorized } from "./api.js";
import { count, dump, make, words, write } from "./format.js";

const OWN = "\0own";
const EXAMPLE = { steps: [{ send: { text: "hello" } }, { expect: "echo", withinMillis: 1000 }] };

const at = (id) => document.getElementById(id);

let stop;

const ms = (value) => value.toFixed(3) + " ms";
const many = (bytes) => count(bytes) + (bytes === 1 ? " byte" : " bytes");

function line(when, text, hex, bytes) {
  const item = make("li", {}, ms(when) + " " + text);
  if (hex) {
    item.append(make("pre", {}, dump(hex) + (bytes > hex.length / 2 ? "\n… and " + count(bytes - hex.length / 2) + " more" : "")));
  }
  at("probe-steps").append(item);
}

const SHOW = {
  begin(data) {
    write(at("probe-result"), "Playing " + data.script + " against " + data.target + ", for " + data.withinMillis + " ms at most");
    at("probe-plan").replaceChildren(...data.steps.map((each) => make("li", {}, each)));
  },
  connected: (data) => line(data.at, "connected " + data.local + " to " + data.remote),
  step(data) {
    at("probe-plan").children[data.step].className = data.done ? "done" : "now";
    line(data.at, "step " + (data.step + 1) + (data.done ? " is done" : " begins"));
  },
  sent: (data) => line(data.at, "sends " + many(data.bytes), data.hex, data.bytes),
  received: (data) => line(data.at, "got " + many(data.bytes), data.hex, data.bytes),
  ended: (data) => line(data.at, "the peer closed its output"),
  closed: (data) => line(data.at, "closed"),
  omitted: () => at("probe-steps").append(make("li", {}, "… and more, which is left out here")),
  problem: (data) => fail([data.detail, ...(data.problems ?? [])].join(" ")),
  verdict(report) {
    const why = report.diagnosis;
    at("probe-result").className = why ? "error" : "";
    write(at("probe-result"), why ? "✖ " + why.word + (why.reason ? ", " + why.reason : "") + ": " + why.sentence : "✔ Passed in " + ms(report.durationMillis));
    if (why?.step !== undefined) {
      at("probe-plan").children[why.step].className = "bad";
    }
    const facts = { ...report.phases, ...report.details };
    at("probe-facts").replaceChildren(...Object.entries(facts).flatMap(([key, value]) => [make("dt", {}, words(key)), make("dd", {}, String(value))]));
  },
};

function fail(why) {
  at("probe-result").className = "error";
  write(at("probe-result"), "✖ " + why);
}

async function play() {
  const own = at("probe-script").value === OWN;
  const script = own ? JSON.parse(at("probe-text").value) : at("probe-script").value;
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ target: at("probe-target").value.trim(), script }) };
  let over = false;
  await events(
    "/probe",
    (event, data) => {
      over ||= event === "verdict" || event === "problem";
      SHOW[event]?.(data);
    },
    { request, stop: new Promise((resolve) => (stop = resolve)) },
  );
  if (!over) {
    fail("It was broken off");
  }
}

at("probe").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("probe-go").disabled = true;
  at("probe-stop").hidden = false;
  at("probe-result").className = "";
  write(at("probe-result"), "Asking the service…");
  for (const id of ["probe-plan", "probe-steps", "probe-facts"]) {
    at(id).replaceChildren();
  }
  try {
    await play();
  } catch (failure) {
    fail(failure instanceof Unauthorized ? "The service wants its token: sign in on the first page" : failure instanceof SyntaxError ? "Your script is not JSON: " + failure.message : failure.name === "AbortError" ? "It was broken off" : failure.message);
  }
  at("probe-go").disabled = false;
  at("probe-stop").hidden = true;
});
at("probe-stop").addEventListener("click", () => stop?.());
at("probe-script").addEventListener("change", () => (at("probe-own").hidden = at("probe-script").value !== OWN));

async function start() {
  try {
    const allowed = await json("/probe/allowed");
    const { targets, scripts, clientScripts } = allowed;
    write(at("probe-allowed"), targets.length === 0 ? "The configuration allows no targets yet: probe.targets." : "It may: " + targets.join(", ") + ".");
    at("probe-script").append(...scripts.filter((each) => each !== "default").map((each) => make("option", { value: each }, each)));
    if (clientScripts) {
      at("probe-script").append(make("option", { value: OWN }, "your own"));
      at("probe-text").value = JSON.stringify(EXAMPLE, null, 2);
    }
    at("probe-targets").append(...targets.filter((each) => !each.includes("*")).map((each) => make("option", { value: each })));
  } catch (failure) {
    write(at("probe-allowed"), failure instanceof Unauthorized ? "The service wants its token: sign in on the first page." : "");
  }
}

start();

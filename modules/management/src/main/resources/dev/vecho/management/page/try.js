// Tries a listener from the browser itself, by fetch or WebSocket, and plots the round trips.

import uPlot from "./uPlot.esm.js";
import { json } from "./api.js";
import { bytes, colour, count, make, write } from "./format.js";

const at = (id) => document.getElementById(id);

/** No round takes longer. */
const BOUND_MILLIS = 10_000;

/** So many lines of what happened are shown; what failed always is. */
const LINES = 20;

let stopped = true;
let plot;

function payload(size) {
  const all = new Uint8Array(size);
  for (let i = 0; i < size; i += 65536) {
    crypto.getRandomValues(all.subarray(i, Math.min(size, i + 65536)));
  }
  return all;
}

/** The sentence of what is wrong; empty where everything came back. */
function difference(sent, got) {
  const first = sent.findIndex((byte, i) => byte !== got[i]);
  if (first >= 0 && first < got.length) {
    const hex = (byte) => byte.toString(16).padStart(2, "0");
    return "byte " + first + " came back as " + hex(got[first]) + ", was " + hex(sent[first]);
  }
  return got.length === sent.length ? "" : count(got.length) + " of " + count(sent.length) + " bytes came back";
}

async function overHttp(target, sent) {
  const response = await fetch(target, {
    method: "POST",
    body: sent,
    headers: { "Content-Type": "application/octet-stream" },
    cache: "no-store",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(BOUND_MILLIS),
  });
  if (!response.ok) {
    throw new Error("status " + response.status);
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** A WebSocket on which one message at a time goes and comes. */
class Socket {
  static open(target) {
    return new Promise((resolve, reject) => {
      const own = new Socket();
      own.socket = new WebSocket(target);
      own.socket.binaryType = "arraybuffer";
      own.socket.onopen = () => resolve(own);
      own.socket.onmessage = (message) => own.got?.(new Uint8Array(message.data));
      own.socket.onclose = (close) => {
        const failure = new Error("the connection was closed, code " + close.code);
        reject(failure);
        own.failed?.(failure);
      };
      setTimeout(() => reject(new Error("no connection within " + BOUND_MILLIS / 1000 + " s")), BOUND_MILLIS);
    });
  }

  exchange(sent) {
    return new Promise((resolve, reject) => {
      this.got = resolve;
      this.failed = reject;
      const timer = setTimeout(() => reject(new Error("nothing came back within " + BOUND_MILLIS / 1000 + " s")), BOUND_MILLIS);
      this.socket.send(sent);
      const over = () => clearTimeout(timer);
      this.got = (data) => (over(), resolve(data));
      this.failed = (failure) => (over(), reject(failure));
    });
  }

  close() {
    this.socket.onclose = null;
    this.socket.close();
  }
}

function step(text, bad) {
  at("steps").append(make("li", { class: bad ? "bad" : null }, (bad ? "✖ " : "") + text));
}

function quantile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

function draw(times) {
  plot?.destroy();
  const axis = (label) => ({ label, stroke: () => colour("text"), grid: { stroke: () => colour("edge"), width: 1 }, ticks: { stroke: () => colour("edge") } });
  plot = new uPlot(
    {
      width: at("plot").clientWidth,
      height: 240,
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: false }, y: { range: (_, low, high) => [0, Math.max(high, 0.1) * 1.1] } },
      axes: [axis("round"), axis("ms")],
      series: [{}, { stroke: () => colour("in"), width: 1.5, points: { show: true, size: 4 } }],
    },
    [times.map((_, i) => i + 1), times],
    at("plot"),
  );
}

function sum(times, failed) {
  const good = times.filter((each) => each !== null).sort((a, b) => a - b);
  const ms = (value) => value.toFixed(1) + " ms";
  const trips = good.length === 0 ? "" : ": median " + ms(quantile(good, 0.5)) + ", p99 " + ms(quantile(good, 0.99)) + ", longest " + ms(good.at(-1));
  const text = (failed > 0 ? "✖ " + failed + " of " + times.length + " rounds failed" : "✔ All " + times.length + " rounds came back") + trips;
  at("result").className = failed > 0 ? "error" : "";
  write(at("result"), text);
  at("plot").setAttribute("aria-label", "Round trips" + (trips || ": none came back"));
}

async function run(target, rounds, size) {
  const webSocket = /^wss?:/.test(target);
  at("steps").replaceChildren();
  const times = [];
  let failed = 0;
  let socket;
  for (let round = 1; round <= rounds && !stopped; round++) {
    const sent = payload(size);
    try {
      if (webSocket && !socket) {
        const began = performance.now();
        socket = await Socket.open(target);
        step("connected by WebSocket in " + (performance.now() - began).toFixed(1) + " ms");
      }
      const began = performance.now();
      const got = await (webSocket ? socket.exchange(sent) : overHttp(target, sent));
      const took = performance.now() - began;
      const wrong = difference(sent, got);
      times.push(wrong ? null : took);
      if (wrong) {
        throw new Error(wrong);
      }
      if (round <= LINES) {
        step("round " + round + ": " + bytes(size) + " there and back in " + took.toFixed(1) + " ms");
      }
    } catch (failure) {
      failed++;
      if (times.length < round) {
        times.push(null);
      }
      const hint = failure instanceof TypeError ? "; the browser does not say why: nobody listens, its certificate is not trusted, or its cors does not allow " + location.origin : "";
      step("round " + round + ": " + failure.message + hint, true);
      socket?.close();
      socket = undefined;
      if (times.every((each) => each === null) && failed === 3) {
        step("nothing has come back yet: given up", true);
        break;
      }
    }
    if (round % 10 === 0 || round === 1) {
      draw(times);
      sum(times, failed);
    }
  }
  socket?.close();
  if (times.length > 0) {
    draw(times);
    sum(times, failed);
  }
}

/** An address of the service's, by the name that the reader has for it. */
function own(address) {
  const url = new URL(address);
  if (["0.0.0.0", "[::]", "127.0.0.1", "[::1]"].includes(url.hostname)) {
    url.hostname = location.hostname;
  }
  return url.href;
}

async function suggest() {
  try {
    const { listeners } = await json("/listeners");
    const targets = [...new Set(listeners.flatMap((each) => each.addresses).filter((each) => /^(https?|wss?):/.test(each)).flatMap((each) => {
      const here = own(each);
      return /^http/.test(here) ? [here, here.replace(/^http/, "ws")] : [here];
    }))];
    at("targets").replaceChildren(...targets.map((each) => make("option", { value: each })));
    if (targets.length > 0 && !at("target").value) {
      at("target").value = targets[0];
    }
  } catch {
    // Who has no token may still name a target.
  }
}

at("try").addEventListener("submit", async (event) => {
  event.preventDefault();
  stopped = false;
  at("go").disabled = true;
  at("stop").hidden = false;
  write(at("result"), "Trying…");
  try {
    await run(at("target").value, at("rounds").valueAsNumber, at("bytes").valueAsNumber);
  } catch (failure) {
    step(failure.message, true);
    write(at("result"), "It could not be tried");
  }
  stopped = true;
  at("go").disabled = false;
  at("stop").hidden = true;
});
at("stop").addEventListener("click", () => {
  stopped = true;
});
at("origin").textContent = location.origin;
suggest();

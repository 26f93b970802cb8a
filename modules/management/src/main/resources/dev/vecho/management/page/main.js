// The page: lets the reader in, then shows what the service tells each second.

import { events, isKnown, json, keepToken, token, Unauthorized } from "./api.js";
import { startChecks } from "./checks.js";
import { chooseFrom, load, startConnections } from "./connections.js";
import { time, write } from "./format.js";
import { showHeadline } from "./headline.js";
import { redraw, showHistory, showListeners } from "./listeners.js";

const at = (id) => document.getElementById(id);

/** How many connections may be read again and again without asking. */
const FEW = 1000;
const AGAIN_MILLIS = 5000;
const RETRY_MILLIS = 2000;

let last;
let lostSince;
let watching = false;

function live(level, text) {
  at("live").className = "badge " + level;
  write(at("live"), text);
}

function handle(event, data) {
  if (event === "history") {
    showHistory(data);
    handle.first = true;
  } else if (event === "snapshot") {
    const began = performance.now();
    lostSince = undefined;
    last = data;
    showHeadline(data, undefined);
    showListeners(data, !handle.first);
    chooseFrom(data.listeners.map((each) => each.name));
    handle.first = false;
    live("ok", "live, " + time(data.at));
    // For who wants to know what an update costs.
    performance.measure("update", { start: began, end: performance.now() });
    performance.clearMeasures("update");
  }
}

async function follow() {
  for (;;) {
    try {
      await events("/events", handle);
    } catch (failure) {
      if (failure instanceof Unauthorized) {
        signIn("The service wants another token.");
        return;
      }
    }
    if (!watching) {
      return;
    }
    lostSince ??= last?.at ?? new Date().toISOString();
    live("bad", "no answer since " + time(lostSince));
    if (last) {
      showHeadline(last, lostSince);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLIS));
  }
}

async function watch() {
  at("sign-in").hidden = true;
  at("watch").hidden = false;
  at("sign-out").hidden = !token();
  if (watching) {
    return;
  }
  watching = true;
  follow();
  startChecks();
  load();
  const version = await json("/version");
  write(at("about"), version.version + " on " + version.io + ", Java " + version.java + ", process " + version.process + ", up since " + time(version.started));
}

function signIn(why) {
  watching = false;
  at("watch").hidden = true;
  at("sign-out").hidden = true;
  at("sign-in").hidden = false;
  live("quiet", "signed out");
  write(at("sign-in-error"), why);
  at("token").focus();
}

async function start() {
  try {
    if (await isKnown()) {
      await watch();
    } else {
      signIn(token() ? "The service wants another token." : "");
    }
  } catch (failure) {
    if (failure instanceof Unauthorized) {
      signIn("The service wants another token.");
    } else {
      live("bad", "no answer");
      setTimeout(start, RETRY_MILLIS);
    }
  }
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = at("token").value.trim();
  // What a header cannot carry is no token.
  if (!/^[\x21-\x7e]+$/.test(given)) {
    write(at("sign-in-error"), "A token has characters of ASCII, and no blanks.");
    return;
  }
  keepToken(given);
  at("token").value = "";
  if (await isKnown()) {
    write(at("sign-in-error"), "");
    watch();
  } else {
    keepToken(null);
    write(at("sign-in-error"), "That is not the token.");
    at("token").focus();
  }
});

at("sign-out").addEventListener("click", () => {
  keepToken(null);
  location.reload();
});

// As long as there are few, they are read again by themselves, unless somebody is busy with them.
setInterval(() => {
  const open = last?.listeners.reduce((sum, each) => sum + each.active, 0) ?? 0;
  const busy = document.querySelector("dialog[open]") || at("connections").contains(document.activeElement);
  if (watching && !lostSince && !document.hidden && !busy && open <= FEW) {
    load();
  }
}, AGAIN_MILLIS);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
let resized;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(redraw, 100);
});

startConnections();
start();

// How the page asks the service: with the token of this tab in the header, where there is one.

const KEY = "vecho.token";

export function token() {
  return sessionStorage.getItem(KEY);
}

export function keepToken(value) {
  if (value) {
    sessionStorage.setItem(KEY, value);
  } else {
    sessionStorage.removeItem(KEY);
  }
}

/** The service wants a token that was not shown. */
export class Unauthorized extends Error {}

export async function ask(path, options = {}) {
  const headers = { ...options.headers, ...(token() ? { Authorization: "Bearer " + token() } : {}) };
  const response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  if (response.status === 401) {
    throw new Unauthorized();
  }
  return response;
}

export async function json(path) {
  const response = await ask(path);
  const body = await response.json();
  if (!response.ok) {
    throw problem(body, response);
  }
  return body;
}

/** What is wrong, as RFC 9457 has it. */
function problem(body, response) {
  return new Error([body.detail ?? response.statusText, ...(body.problems ?? [])].join(" "));
}

/** Whether the service lets this tab in. It tells those that it knows more of its health than others, and refuses nobody for asking. */
export async function isKnown() {
  const response = await ask("/health/live");
  return "checks" in (await response.json());
}

/** A stream that says nothing for so long is dead. */
const SILENCE_MILLIS = 6000;

/**
 * Reads server-sent events until the stream ends. EventSource would do, if it could send a header.
 * Who resolves options.stop ends it; options.request has what fetch takes.
 * Only one event is handled at a time, and a slow page leaves the rest to the service, which then drops some.
 */
export async function events(path, handle, options = {}) {
  const abort = new AbortController();
  options.stop?.then(() => abort.abort());
  let timer = setTimeout(() => abort.abort(), SILENCE_MILLIS);
  try {
    const response = await ask(path, { ...options.request, signal: abort.signal });
    if (!response.ok) {
      throw problem(await response.json(), response);
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) {
        return;
      }
      timer = setTimeout(() => abort.abort(), SILENCE_MILLIS);
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
        if (fields.data) {
          handle(fields.event, JSON.parse(fields.data));
        }
      }
    }
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

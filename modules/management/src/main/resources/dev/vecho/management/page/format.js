// How things are written on the page, and made.

/** Makes an element: text and attributes, never markup. */
export function make(name, attributes = {}, ...content) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) {
      element.setAttribute(key, value);
    }
  }
  element.append(...content);
  return element;
}

/** Writes a text where it is another one, so that nothing is laid out or read out again without need. */
export function write(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

export function count(value) {
  return value.toLocaleString("en");
}

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return (unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)) + " " + units[unit];
}

export function duration(millis) {
  const seconds = Math.max(0, millis) / 1000;
  if (seconds < 1) {
    return Math.round(seconds * 1000) + " ms";
  }
  if (seconds < 120) {
    return Math.floor(seconds) + " s";
  }
  if (seconds < 7200) {
    return Math.floor(seconds / 60) + " min";
  }
  return seconds < 172800 ? Math.floor(seconds / 3600) + " h" : Math.floor(seconds / 86400) + " days";
}

export function micros(value) {
  return value < 1000 ? value + " µs" : (value / 1000).toFixed(value < 10000 ? 2 : 1) + " ms";
}

/** A time of day, with the date where that is another one. */
export function time(instant) {
  const date = new Date(instant);
  const today = date.toDateString() === new Date().toDateString();
  const day = today ? "" : date.toLocaleDateString("en-CA") + " ";
  return day + date.toLocaleTimeString("en-GB");
}

/** A time, and how long that is ago by the service's clock. */
export function since(instant, now) {
  return time(instant) + " (" + duration(new Date(now) - new Date(instant)) + " ago)";
}

/** A key such as rttMicros, in words. */
export function words(key) {
  return key.replace(/([A-Z])/g, (letter) => " " + letter.toLowerCase());
}

/** A colour of the style sheet, which knows whether it is dark. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/** Hexadecimal digits, sixteen bytes a line, with what is readable of them; from is where the first of them stands. */
export function dump(hex, from = 0) {
  const lines = [];
  for (let i = 0; i < hex.length; i += 32) {
    const pairs = hex.slice(i, i + 32).match(/../g);
    const text = pairs.map((pair) => parseInt(pair, 16)).map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push((from + i / 2).toString(16).padStart(8, "0") + "  " + pairs.join(" ").padEnd(47) + "  " + text);
  }
  return lines.join("\n");
}

// ---- base: elements, text, packed data --------------------------------------------------------------------------
//
// The page's script is these files in one scope, in this order: base, model, filter, charts, matrix, card, findings,
// page. It runs before pytest-html's own. What a VM printed reaches the page as text only: textContent, never innerHTML.

const data = JSON.parse(document.getElementById("readiness-data").textContent);
const find = (selector, root = document) => root.querySelector(selector);
const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

// make("p", {class: "x"}, "text", node): an element with attributes and children; what is null or "" is left out.
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
};

const count = (number) => number.toLocaleString("en");
const plural = (number, word, words = `${word}s`) => `${count(number)} ${number === 1 ? word : words}`;
const dashed = (word) => word.replaceAll(" ", "-");

// Text with `code` between backticks and options (in which no line breaks), as nodes.
const prose = (text) =>
  text.split(/(`[^`]+`|(?<![\w-])--[a-z][\w-]*)/).map((part, index) => {
    if (index % 2 === 0) return part;
    return part.startsWith("--") ? make("span", { class: "option" }, part) : make("code", {}, part.slice(1, -1));
  });

// The same for SVG, whose text a screen reader does not read: a table beside a chart says what it shows.
const draw = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const copyButton = (text, label = "Copy") => make("button", { type: "button", class: "copy", "data-copy": text }, label);
// A command, in which no line breaks within a short word: half of an option looks like another one.
const commandBox = (text) => {
  const words = text.split(/(\S*-\S*)/).map((part, index) => (index % 2 && part.length < 60 ? make("span", {}, part) : part));
  return make("div", { class: "command" }, make("pre", { tabindex: 0 }, make("code", {}, ...words)), copyButton(text));
};
const docsLink = (url) =>
  /^https?:\/\//.test(url) ? make("a", { class: "docs", href: url, target: "_blank", rel: "noopener noreferrer" }, "Documentation") : null;
const pill = (status) => make("span", { class: `pill s-${dashed(status)}` }, `${SIGNS[status]} ${status}`);

// The rows of a packed chunk: texts are stored once, and stand in the rows as negative numbers.
const chunks = new Map();
const rowsOf = (number) => {
  if (!chunks.has(number)) chunks.set(number, unpack(document.getElementById(`chunk-${number}`).textContent));
  return chunks.get(number);
};
const unpack = async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const { s, r } = await new Response(stream).json();
  const plain = (value) => (Array.isArray(value) ? value.map(plain) : value < 0 ? s[-1 - value] : value);
  return r.map(plain);
};

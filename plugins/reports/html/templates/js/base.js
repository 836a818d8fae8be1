// ---- base: elements, text, packed data --------------------------------------------------------------------------
//
// The page's script consists of these files in one scope, in this order: base, model, filter, charts, matrix, card,
// findings, page. It runs before pytest-html's script. Output of a VM is set only as textContent, never as innerHTML.

const data = JSON.parse(document.getElementById("readiness-data").textContent);
const find = (selector, root = document) => root.querySelector(selector);
const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

// make("p", {class: "x"}, "text", node): an element with attributes and children, without those that are null or "".
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

// Text as nodes, with `code` between backticks, and with options that do not wrap.
const prose = (text) =>
  text.split(/(`[^`]+`|(?<![\w-])--[a-z][\w-]*)/).map((part, index) => {
    if (index % 2 === 0) return part;
    return part.startsWith("--") ? make("span", { class: "option" }, part) : make("code", {}, part.slice(1, -1));
  });

// The same for SVG. Screen readers do not read its text, so each chart has a table.
const draw = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const copyButton = (text, label = "Copy") => make("button", { type: "button", class: "copy", "data-copy": text }, label);
// A command whose short words do not wrap: half of an option would look like another option.
const commandBox = (text) => {
  const words = text.split(/(\S*-\S*)/).map((part, index) => (index % 2 && part.length < 60 ? make("span", {}, part) : part));
  return make("div", { class: "command" }, make("pre", { tabindex: 0 }, make("code", {}, ...words)), copyButton(text));
};
const docsLink = (url) =>
  /^https?:\/\//.test(url) ? make("a", { class: "docs", href: url, target: "_blank", rel: "noopener noreferrer" }, "Documentation") : null;
const pill = (status) => make("span", { class: `pill s-${dashed(status)}` }, `${SIGNS[status]} ${status}`);

// The rows of a packed chunk. Each text is stored once; negative numbers in the rows refer to the texts.
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

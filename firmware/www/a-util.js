// Small tools of the page. Whatever comes from the charger becomes text, never markup.
"use strict";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name === "value") node.value = value;
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

// Set only what changes: what is selected, or read aloud, stays.
function put(node, text) {
  text = text === null || text === undefined ? "" : String(text);
  if (node.textContent !== text) node.textContent = text;
}

async function api(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch("/api/" + path, options);
  } catch {
    throw new Error("the charger does not answer");
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Error("the answer ended early");
  }
  if (!response.ok) throw new Error(answer.error || "error " + response.status);
  return answer;
}

function toast(text, bad) {
  const node = h("p", { class: bad ? "toast bad" : "toast", text });
  $("toasts").append(node);
  setTimeout(() => node.remove(), bad ? 8000 : 2500);
}

// An act of the user: what goes wrong is told.
async function act(method, path, body, done) {
  try {
    await api(method, path, body);
    if (done) toast(done);
    await live.soon();
    return true;
  } catch (error) {
    toast(error.message, true);
    return false;
  }
}

const button = (text, onclick, more) => h("button", { type: "button", onclick, text, ...more });

// A control with its name.
function field(name, node) {
  node.setAttribute("aria-label", name);
  return h("label", { class: "field" }, h("span", { text: name }), node);
}

function select(options, value, props) {
  const node = h("select", props, options.map((o) => {
    const [v, text] = Array.isArray(o) ? o : [o, o];
    return h("option", { value: v, text });
  }));
  node.value = value;
  return node;
}

const input = (type, value, props) => h("input", { type, value, autocomplete: "off", ...props });

// `onchange(on)` acts; `show(on)` is what the charger tells, which counts again once that is done.
function toggle(text, onchange) {
  const box = h("input", { type: "checkbox", role: "switch" });
  const node = h("label", { class: "toggle" }, box, h("span", { text }));
  node.box = box;
  let acting = 0;
  let told = null;
  node.show = (on) => {
    told = on;
    if (!acting) box.checked = on;
  };
  box.addEventListener("change", async () => {
    acting += 1;
    await onchange(box.checked);
    acting -= 1;
    if (told !== null) node.show(told);
  });
  return node;
}

// A table out of rows of texts and nodes; on a narrow screen each row becomes a card.
function table(heads, rows, empty) {
  if (!rows.length) return h("p", { class: "empty", text: empty });
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col", text })))),
    h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, i) =>
      h("td", { "data-head": heads[i] }, cell === null || cell === undefined ? "–" : cell)))))));
}

const card = (title, props, ...children) =>
  h("section", { class: "card", ...props }, title ? h("h2", { text: title }) : null, children);

const kw = (w) => w >= 1000 ? (w / 1000).toFixed(w >= 9950 ? 1 : 2) + " kW" : Math.round(w) + " W";
const kwh = (wh) => wh >= 1000 ? (wh / 1000).toFixed(2) + " kWh" : wh + " Wh";
const kb = (bytes) => bytes >= 1e9 ? (bytes / 1e9).toFixed(1) + " GB" : bytes >= 1e6 ? (bytes / 1e6).toFixed(1) + " MB" : Math.round(bytes / 1000) + " kB";
const amps = (a) => a === null || a === undefined ? "no limit" : +(+a).toFixed(1) + " A";

function span(seconds) {
  const t = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (t < 60) return t + " s";
  if (t < 3600) return Math.floor(t / 60) + ":" + two(t % 60) + " min";
  if (t < 172800) return Math.floor(t / 3600) + ":" + two(Math.floor(t / 60) % 60) + " h";
  return Math.floor(t / 86400) + " days";
}

const unix = (text) => Date.parse(text) / 1000;
const clock = (text) => text ? text.slice(11, 19) : "";
const when = (text) => text ? text.slice(0, 10) + " " + text.slice(11, 19) : null;

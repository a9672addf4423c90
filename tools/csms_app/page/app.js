// The live page of the CSMS. All text of stations goes through textContent, never into markup.

import { chart, curves } from "./charts.js";
import { $, api, button, el, path, short } from "./dom.js";
import { build } from "./form.js";
import * as model from "./model.js";
import * as schedule from "./schedule.js";
import * as testing from "./testing.js";

const SECTIONS = ["stations", "station", "transactions", "tokens", "messages", "testing"];
const MAX_FRAMES = 300;
const STATUSES = ["Accepted", "Blocked", "ConcurrentTx", "Expired", "Invalid", "NoCredit",
  "NotAllowedTypeEVSE", "NotAtThisLocation", "NotAtThisTime", "Unknown"];
const TYPES = ["", "ISO14443", "ISO15693", "KeyCode", "MacAddress", "eMAID", "Local", "Central"];

const stations = new Map();
const transactions = new Map(); // station and id -> transaction, newest last
const tokens = new Map();
const actions = new Map(); // version -> {action: example payload}
const open = new Map(); // station and message id -> [action, time in ms]
let frames = []; // newest first
let chosen = null;
let startTag = "DEADBEEF";
let form = null; // of the chosen action
let waiting = false; // a redraw is due

const key = (tx) => JSON.stringify([tx.station, tx.id]);

async function load() {
  const [s, t, k] = await Promise.all([
    api("GET", "/api/stations?brief=1"),
    api("GET", "/api/transactions?brief=1&limit=50"),
    api("GET", "/api/tokens"),
  ]);
  stations.clear();
  transactions.clear();
  tokens.clear();
  for (const station of s.stations) stations.set(station.id, station);
  for (const tx of t.transactions.reverse()) transactions.set(key(tx), tx);
  for (const token of k.tokens) tokens.set(token.idTag.toLowerCase(), token);
  if (chosen === null && stations.size) choose(stations.keys().next().value);
  redraw();
}

function connect() {
  const source = new EventSource("/api/events");
  source.onopen = () => {
    $("live").textContent = "live";
    $("live").className = "";
    load().catch(stale);
  };
  source.onerror = stale;
  source.onmessage = (message) => take(JSON.parse(message.data));
}

function stale() {
  $("live").textContent = "no connection: what you see may be old";
  $("live").className = "stale";
}

function take(event) {
  if (event.type === "frame") takeFrame(event);
  if (event.type === "station") {
    stations.set(event.id, event.station);
    if (chosen === null) choose(event.id);
    else if (chosen === event.id) {
      fillActions().catch(() => {});
      model.refresh(event.id);
    }
  }
  if (event.type === "transaction") transactions.set(key(event.transaction), event.transaction);
  if (event.type === "token" && event.token) tokens.set(event.id.toLowerCase(), event.token);
  if (event.type === "token" && !event.token) tokens.delete(event.id.toLowerCase());
  if (event.type === "misbehaviour") testing.refresh();
  if (event.type === "lost") load().catch(stale);
  redraw();
}

function takeFrame(event) {
  const frame = event.frame;
  if (Array.isArray(frame)) {
    const id = JSON.stringify([event.station, frame[1]]);
    const at = Date.parse(event.t);
    if (frame[0] === 2 || frame[0] === 6) {
      open.set(id, [frame[2], at]);
      if (open.size > 1000) open.delete(open.keys().next().value);
      event.action = frame[2];
    } else if (open.has(id)) {
      const [action, sent] = open.get(id);
      event.action = action;
      event.ms = at - sent;
      open.delete(id);
    }
  }
  frames.unshift(event);
  frames.length = Math.min(frames.length, MAX_FRAMES);
}

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    drawStations();
    drawTransactions();
    drawTokens();
    drawDetails();
    if (!$("filter-pause").checked) drawFrames();
  });
}

function replace(parent, nodes) {
  // Whoever is typing or pressing here must not lose the focus.
  const before = document.activeElement;
  const index = [...parent.querySelectorAll("button, input")].indexOf(before);
  const caret = before.selectionStart;
  parent.replaceChildren(...nodes);
  const now = index < 0 ? null : parent.querySelectorAll("button, input")[index];
  now?.focus();
  if (now?.tagName === "INPUT" && before.tagName === "INPUT") now.setSelectionRange(caret, caret);
}

function drawDetails() {
  const station = stations.get(chosen);
  $("details").hidden = !station;
  if (!station) return;
  const facts = [station.connected ? "connected" : "offline", station.state,
    station.version && "OCPP " + station.version, station.remote];
  $("call-station").textContent = chosen;
  $("station-facts").textContent = facts.filter(Boolean).join(" · ");
  schedule.show(station, running);
}

function drawStations() {
  $("no-stations").hidden = stations.size > 0;
  replace($("stations"), [...stations.values()].map(stationCard));
}

function stationCard(s) {
  const boot = s.boot || {};
  const box = boot.chargingStation || {};
  const words = [boot.chargePointVendor || box.vendorName, boot.chargePointModel || box.model];
  const facts = [s.version && "OCPP " + s.version, s.registration, s.unknown ? "unknown" : "registered", ...words];
  const card = el("div", { className: "station" + (s.connected ? " online" : "") + (s.id === chosen ? " chosen" : "") },
    el("div", { className: "row" }, el("h3", { textContent: s.id }),
      el("span", { className: "badge " + (s.connected ? "good" : "warn"), textContent: s.state }),
      el("span", { className: "faint", textContent: facts.filter(Boolean).join(" · ") })));
  for (const evse of s.evses) {
    for (const connector of evse.connectors) card.append(connectorRow(s, evse.id, connector));
  }
  card.append(el("div", { className: "row" },
    button("Open", () => {
      choose(s.id);
      location.hash = "station";
    }, false, "Open " + s.id),
    button("Reset", () => send(s, ...reset(s)), !s.connected, "Reset " + s.id)));
  return card;
}

function connectorRow(s, evse, connector) {
  const status = connector.status || "no status yet";
  const error = connector.error_code && connector.error_code !== "NoError" ? connector.error_code : "";
  const tx = running(s.id, evse);
  const what = evse + (connector.id > 1 ? "." + connector.id : "");
  const energy = tx && tx.energy_wh !== null ? tx.energy_wh + " Wh" : "";
  const tag = el("input", { value: startTag, size: 10, maxLength: 36, disabled: !s.connected });
  tag.setAttribute("aria-label", "Token for " + s.id + " " + what);
  tag.oninput = () => { startTag = tag.value; };
  return el("div", { className: "row" },
    el("b", { textContent: what }),
    el("span", { className: shade(status), textContent: status }),
    error ? el("span", { className: "bad", textContent: error }) : null,
    tx ? el("span", { textContent: [tx.idTag, energy].filter(Boolean).join(" · ") }) : tag,
    tx ? button("Stop", () => send(s, ...stop(s, tx)), !s.connected, "Stop " + s.id + " " + what)
      : button("Start", () => send(s, ...start(s, evse)), !s.connected, "Start " + s.id + " " + what),
    button("Unlock", () => send(s, ...unlock(s, evse, connector.id)), !s.connected, "Unlock " + s.id + " " + what));
}

function running(station, evse) {
  let found = null;
  for (const tx of transactions.values()) {
    if (tx.active && tx.station === station && tx.evse === evse) found = tx;
  }
  return found;
}

function shade(status) {
  if (status === "Faulted") return "bad";
  if (status === "Available") return "faint";
  if (status === "Unavailable") return "warn";
  return "good";
}

const old = (s) => s.version === "1.6";
const reset = (s) => ["Reset", old(s) ? { type: "Soft" } : { type: "OnIdle" }];
const stop = (s, tx) => old(s)
  ? ["RemoteStopTransaction", { transactionId: tx.id }]
  : ["RequestStopTransaction", { transactionId: tx.id }];
const unlock = (s, evse, connector) => old(s)
  ? ["UnlockConnector", { connectorId: evse }]
  : ["UnlockConnector", { evseId: evse, connectorId: connector }];
const start = (s, evse) => old(s)
  ? ["RemoteStartTransaction", { idTag: startTag, connectorId: evse }]
  : ["RequestStartTransaction", { evseId: evse, remoteStartId: Date.now() % 2 ** 31,
    idToken: { idToken: startTag, type: "ISO14443" } }];

function choose(id) {
  chosen = id;
  fillActions().catch(() => {});
  model.load(id).catch(() => {});
  loadFrames(id).catch(() => {});
  redraw();
}

async function loadFrames(id) {
  const answer = await api("GET", path("stations", id, "messages") + "?limit=" + MAX_FRAMES);
  frames = frames.filter((f) => f.station !== id);
  for (const frame of answer.messages) takeFrame(Object.assign(frame, { station: id }));
  frames.sort((a, b) => b.n - a.n);
  redraw();
}

async function fillActions() {
  const version = stations.get(chosen)?.version;
  if (!version || $("call-action").dataset.version === version) return;
  if (!actions.has(version)) {
    actions.set(version, (await api("GET", path("actions", version))).actions);
  }
  $("call-action").dataset.version = version;
  const names = Object.keys(actions.get(version));
  $("call-action").replaceChildren(...names.map((n) => el("option", { textContent: n })));
  $("call-action").value = "TriggerMessage";
  await example();
}

async function example() {
  const version = $("call-action").dataset.version;
  const action = $("call-action").value;
  const known = actions.get(version) || {};
  const payload = known[action] || {};
  $("call-payload").value = JSON.stringify(payload, null, 2);
  const { schema } = await api("GET", path("schemas", version, action));
  if (action !== $("call-action").value) return;
  form = build(schema, payload, () => {
    $("call-payload").value = JSON.stringify(form.read(), null, 2);
  });
  $("call-form").replaceChildren(form.node);
}

async function send(station, action, payload) {
  choose(station.id);
  await call(station.id, action, JSON.stringify(payload));
}

async function call(station, action, payload) {
  $("call-result").className = "faint";
  $("call-result").textContent = action + ": waiting for the answer";
  try {
    const answer = await api("POST", path("stations", station, "call", action), payload);
    $("call-result").className = answer.error ? "bad" : "";
    $("call-result").textContent = action + ": " + JSON.stringify(answer.error || answer.result, null, 2);
  } catch (e) {
    $("call-result").className = "bad";
    $("call-result").textContent = action + ": " + e.message;
  }
}

function drawTransactions() {
  const newest = [...transactions.values()].slice(-50).reverse();
  replace($("transactions"), newest.map((tx) => cells([tx.id, tx.station,
    tx.idTag, short(tx.start), tx.active ? "running" : short(tx.stop),
    tx.energy_wh === null ? "" : tx.energy_wh + " Wh", tx.reason],
  button("Chart", () => drawCharts(tx), false, "Chart of " + tx.id + " of " + tx.station))));
}

async function drawCharts(tx) {
  const query = "?station=" + encodeURIComponent(tx.station);
  const all = curves(await api("GET", path("transactions", tx.id) + query));
  $("chart-title").textContent = "Transaction " + tx.id + " of " + tx.station
    + (all.length ? "" : ": not enough meter values for a chart");
  $("charts").replaceChildren(...all.map(chart));
  $("chart-title").scrollIntoView({ block: "nearest" });
}

function cells(values, last) {
  const row = el("tr", {}, ...values.map((v) => el("td", { textContent: v ?? "" })));
  if (last) row.append(el("td", {}, last));
  return row;
}

function drawTokens() {
  const rows = [...tokens.values()].map((t) => cells(
    [t.idTag, t.type, t.status, t.group, short(t.expiry), t.limit && JSON.stringify(t.limit)],
    button("Delete", () => change("DELETE", t.idTag), false, "Delete token " + t.idTag)));
  replace($("tokens"), rows);
}

async function change(method, id, fields) {
  $("token-result").textContent = "";
  try {
    await api(method, path("tokens", id), fields && JSON.stringify(fields));
  } catch (e) {
    $("token-result").textContent = e.message;
  }
}

function drawFrames() {
  const wanted = $("filter-text").value.toLowerCase();
  const shown = frames.filter((f) => !wanted
    || (f.station + " " + f.action + " " + JSON.stringify(f.frame)).toLowerCase().includes(wanted));
  const opened = new Set([...$("frames").querySelectorAll("details[open]")].map((d) => d.dataset.n));
  $("frames").replaceChildren(...shown.map((f) => frameLine(f, opened.has(String(f.n)))));
}

function frameLine(f, isOpen) {
  const type = Array.isArray(f.frame) ? f.frame[0] : 0;
  const kind = { 2: "", 3: "answer", 4: "ERROR " + f.frame[2], 5: "ERROR " + f.frame[2], 6: "" }[type] ?? "bad frame";
  const text = [short(f.t).slice(11), f.station, f.dir === "in" ? "←" : "→", f.action || "",
    kind, f.ms === undefined ? "" : f.ms + " ms"].filter(Boolean).join(" ");
  const bad = type === 4 || type === 5 || !type;
  const details = el("details", { open: isOpen },
    el("summary", { textContent: text, className: bad ? "bad" : type === 3 ? "faint" : "" }),
    el("pre", { textContent: JSON.stringify(f.frame, null, 2) }));
  details.dataset.n = f.n;
  return details;
}

$("call").onsubmit = (event) => {
  event.preventDefault();
  call(chosen, $("call-action").value, $("call-payload").value);
};
$("call-action").onchange = () => example().catch(() => {});
$("token").onsubmit = (event) => {
  event.preventDefault();
  const expiry = $("token-expiry").value;
  change("PUT", $("token-id").value, { status: $("token-status").value,
    type: $("token-type").value || null, group: $("token-group").value || null,
    expiry: expiry ? new Date(expiry).toISOString() : null,
    limit: Number($("token-limit").value) || null });
};
$("filter").onsubmit = (event) => event.preventDefault();
$("filter-text").oninput = redraw;
$("filter-pause").onchange = redraw;
$("token-type").replaceChildren(...TYPES.map((t) => el("option", { value: t, textContent: t || "any" })));
$("token-status").replaceChildren(...STATUSES.map((s) => el("option", { textContent: s })));

function section() {
  const wanted = SECTIONS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "stations";
  for (const name of SECTIONS) {
    $("s-" + name).hidden = name !== wanted;
    const link = document.querySelector("nav a[href='#" + name + "']");
    if (name === wanted) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (wanted === "testing") testing.load().catch(stale);
  if (wanted === "station" && chosen !== null) model.load(chosen).catch(() => {});
}
addEventListener("hashchange", section);
section();
connect();

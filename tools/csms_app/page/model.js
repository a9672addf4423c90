// What is known of a station: device model (2.x) or configuration keys (1.6), searchable.

import { $, api, button, el, path } from "./dom.js";
import * as kept from "./kept.js";

let rows = [];
let station = null;
let due = 0; // timer

export async function load(id) {
  station = await api("GET", path("stations", id));
  kept.show(station);
  rows = station.version === "1.6"
    ? station.configuration.map((c) => [c.key, "", c.value ?? "", c.readonly ? "read only" : ""])
    : station.device_model.flatMap(variables);
  rows.sort((a, b) => a[0].localeCompare(b[0]));
  draw();
}

// After a change of a station that is looked at; several at once are one.
export function refresh(id) {
  clearTimeout(due);
  due = setTimeout(() => {
    if (location.hash === "#station") load(id).catch(() => {});
  }, 500);
}

function variables(entry) {
  const where = entry.component.evse;
  const place = where ? [where.id, where.connectorId].filter((n) => n !== undefined).join(".") : "";
  const named = (x) => x.name + (x.instance ? "[" + x.instance + "]" : "");
  const kind = entry.variableCharacteristics || {};
  const facts = [kind.dataType, kind.unit, kind.valuesList];
  return entry.variableAttribute.map((a) => {
    const type = a.type && a.type !== "Actual" ? " (" + a.type + ")" : "";
    const name = named(entry.component) + (place ? " " + place : "") + " · " + named(entry.variable);
    return [name + type, "", a.value ?? "", [...facts, a.mutability].filter(Boolean).join(" · ")];
  });
}

function draw() {
  const wanted = $("model-filter").value.toLowerCase();
  const shown = rows.filter((r) => r.join(" ").toLowerCase().includes(wanted));
  $("model-count").textContent = shown.length + " of " + rows.length;
  $("model").replaceChildren(...shown.slice(0, 1000).map(([name, , value, facts]) => el("tr", {},
    el("td", { textContent: name }), el("td", { textContent: value, className: "value" }),
    el("td", { textContent: facts, className: "faint" }))));
}

async function ask() {
  const old = station.version === "1.6";
  const [action, payload] = old ? ["GetConfiguration", {}]
    : ["GetBaseReport", { requestId: Math.floor(Date.now() / 1000) % 2 ** 31, reportBase: "FullInventory" }];
  $("model-result").textContent = action + ": waiting for the answer";
  try {
    const answer = await api("POST", path("stations", station.id, "call", action), JSON.stringify(payload));
    $("model-result").textContent = answer.error ? answer.error.code : action + ": answered";
    await load(station.id);
  } catch (e) {
    $("model-result").textContent = e.message;
  }
}

$("model-filter").oninput = draw;
$("model-read").replaceWith(Object.assign(button("Read from the station", ask, false, "Read from the station"),
  { id: "model-read" }));

// Misbehaviour on request: rules, made by a form.

import { $, api, button, el } from "./dom.js";

let rules = [];

async function save() {
  const seed = Number($("mis-seed").value) || 0;
  const wanted = rules.map(({ fired, ...rule }) => rule);
  $("mis-result").textContent = "";
  try {
    take(await api("PUT", "/api/misbehaviour", JSON.stringify({ seed, rules: wanted })));
  } catch (e) {
    $("mis-result").textContent = e.message;
    await load();
  }
}

function take(answer) {
  rules = answer.rules;
  $("mis-seed").value = answer.seed;
  $("mis-none").hidden = rules.length > 0;
  $("mis-rules").replaceChildren(...rules.map((rule, i) => el("tr", {},
    ...[rule.do, rule.on, rule.station, rule.action, rule.probability, rule.times ?? "no limit", rule.fired]
      .map((v) => el("td", { textContent: v })),
    el("td", {}, button("Remove", () => {
      rules.splice(i, 1);
      save();
    }, false, "Remove rule " + (i + 1))))));
}

export async function load() {
  take(await api("GET", "/api/misbehaviour"));
}

$("mis").onsubmit = (event) => {
  event.preventDefault();
  rules.push({ do: $("mis-do").value, on: $("mis-on").value, station: $("mis-station").value || "*",
    action: $("mis-action").value || "*", probability: Number($("mis-probability").value),
    seconds: Number($("mis-seconds").value) });
  save();
};

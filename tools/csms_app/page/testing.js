// Misbehaviour on request: rules, made by a form.

import { $, api, button, el } from "./dom.js";

const USED = { delay: "seconds", reorder: "seconds", error: "code", garbage: "text" };
const NOT_ON = { request: ["double", "reorder", "garbage", "foreign_id"], call: ["error"] };
let rules = [];
let due = 0; // timer

async function acting(act) {
  $("mis-result").textContent = "";
  try {
    await act();
  } catch (e) {
    $("mis-result").textContent = e.message;
    await load();
  }
}

const save = () => acting(async () => {
  const seed = Number($("mis-seed").value) || 0;
  const wanted = rules.map(({ fired, ...rule }) => rule);
  take(await api("PUT", "/api/misbehaviour", JSON.stringify({ seed, rules: wanted })));
});

function take(answer) {
  rules = answer.rules;
  $("mis-seed").value = answer.seed;
  draw();
}

function draw() {
  $("mis-none").hidden = rules.length > 0;
  $("mis-rules").replaceChildren(...rules.map((rule, i) => el("tr", {},
    ...[rule.do, rule.on, rule.station, rule.action, rule.probability, rule.times ?? "no limit",
      USED[rule.do] ? USED[rule.do] + " " + rule[USED[rule.do]] : "", rule.fired]
      .map((v) => el("td", { textContent: v })),
    el("td", {}, button("Remove", () => {
      rules.splice(i, 1);
      save();
    }, false, "Remove rule " + (i + 1))))));
}

export async function load() {
  take(await api("GET", "/api/misbehaviour"));
}

// A rule has fired: how often, is shown; several at once are one.
export function refresh() {
  clearTimeout(due);
  due = setTimeout(() => {
    if (location.hash === "#testing") look().catch(() => {});
  }, 300);
}

async function look() {
  rules = (await api("GET", "/api/misbehaviour")).rules;
  draw();
}

function ask() {
  const wanted = USED[$("mis-do").value];
  for (const name of Object.values(USED)) $("mis-for-" + name).hidden = name !== wanted;
  for (const side of $("mis-on").options) {
    side.disabled = (NOT_ON[side.value] || []).includes($("mis-do").value);
  }
  if ($("mis-on").selectedOptions[0].disabled) $("mis-on").value = "answer";
}

$("mis-do").onchange = ask;
ask();
$("mis").onsubmit = (event) => {
  event.preventDefault();
  const kind = $("mis-do").value;
  const rule = { do: kind, on: $("mis-on").value, station: $("mis-station").value || "*",
    action: $("mis-action").value || "*", probability: Number($("mis-probability").value),
    times: $("mis-times").value === "" ? null : Number($("mis-times").value) };
  const field = USED[kind];
  if (field) rule[field] = field === "seconds" ? Number($("mis-seconds").value) : $("mis-" + field).value;
  rules.push(rule);
  save();
};
$("mis-dice").onsubmit = (event) => {
  event.preventDefault();
  save();
};
$("mis-behave").onclick = () => {
  rules = [];
  save();
};

// Smart charging: bars to draw a schedule with (mouse, finger, arrow keys), and the composite.

import { $, api, el, path, svg } from "./dom.js";

const STEPS = 24, WIDTH = 720, HEIGHT = 180, MOST_A = 32, PROFILE = 4711;
const limits = Array(STEPS).fill(16);
let station = null; // as the API shows it
let running = () => null; // (station, EVSE) -> its transaction
let composite = [];

const hours = () => Number($("plan-hours").value);
const old = () => station.version === "1.6";
const evse = () => Number($("plan-evse").value);
const ofSession = () => evse() > 0 && $("plan-purpose").value === "TxProfile";
const id = () => PROFILE + 2 * evse() + ofSession();

export function show(chosen, transactionOf) {
  const fresh = station?.id !== chosen.id;
  station = chosen;
  running = transactionOf;
  if (fresh) composite = [];
  const ids = [0, ...chosen.evses.map((e) => e.id)];
  if ($("plan-evse").options.length !== ids.length || fresh) {
    $("plan-evse").replaceChildren(...ids.map((id) =>
      el("option", { value: id, textContent: id ? "EVSE " + id : "station" })));
  }
  $("plan-purpose").disabled = !evse();
  if (fresh) draw();
}

function draw() {
  const width = WIDTH / STEPS;
  const bars = limits.map((limit, i) => {
    const height = limit / MOST_A * HEIGHT;
    const bar = svg("g", { class: "bar", tabindex: 0, role: "slider", "aria-valuemin": 0,
      "aria-valuemax": MOST_A, "aria-valuenow": limit, "aria-label": "Limit from " + clock(i) + ", A" },
    svg("rect", { x: i * width, y: 0, width, height: HEIGHT, class: "room" }),
    svg("rect", { x: i * width + 1, y: HEIGHT - height, width: width - 2, height, class: "limit" }));
    bar.addEventListener("keydown", (event) => keyed(event, i));
    return bar;
  });
  const total = hours() * 3600;
  const points = composite.flatMap(([from, to, limit]) => {
    const y = HEIGHT - Math.min(limit, MOST_A) / MOST_A * HEIGHT;
    return [from, to].map((t) => (Math.min(t, total) / total * WIDTH).toFixed(1) + "," + y.toFixed(1));
  });
  $("plan").replaceChildren(...bars, svg("polyline", { points: points.join(" "), class: "composite" }));
  $("plan-scale").textContent = "now to +" + hours() + " h, 0 to " + MOST_A + " A, "
    + clock(1).replace("+", "") + " a bar";
}

const clock = (i) => "+" + Math.round(i * hours() * 60 / STEPS) + " min";

function keyed(event, i) {
  const step = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
  const next = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) limits[i] = Math.max(0, Math.min(MOST_A, limits[i] + step));
  if (!step && !next) return;
  event.preventDefault();
  draw();
  $("plan").children[Math.max(0, Math.min(STEPS - 1, i + (next || 0)))].focus();
}

function pointed(event) {
  if (event.type === "pointermove" && !event.buttons) return;
  const box = $("plan").getBoundingClientRect();
  const i = Math.floor((event.clientX - box.left) / box.width * STEPS);
  const limit = Math.round((box.bottom - event.clientY) / box.height * MOST_A);
  if (i < 0 || i >= STEPS) return;
  limits[i] = Math.max(0, Math.min(MOST_A, limit));
  draw();
}

function periods() {
  const seconds = hours() * 3600 / STEPS;
  const all = limits.map((limit, i) => ({ startPeriod: i * seconds, limit }));
  return all.filter((p, i) => i === 0 || p.limit !== all[i - 1].limit);
}

function request() {
  const purpose = evse() ? $("plan-purpose").value : old() ? "ChargePointMaxProfile" : "ChargingStationMaxProfile";
  // A station's clock may be a little behind: the schedule holds from the first moment.
  const start = new Date(Date.now() - Date.now() % 1000 - 10000).toISOString();
  const schedule = { startSchedule: start, duration: hours() * 3600,
    chargingRateUnit: "A", chargingSchedulePeriod: periods() };
  const profile = { stackLevel: 5, chargingProfilePurpose: purpose, chargingProfileKind: "Absolute" };
  if (purpose === "TxProfile") {
    const tx = running(station.id, evse());
    if (!tx) throw new Error("there is no session at EVSE " + evse());
    profile.transactionId = tx.id;
  }
  if (old()) {
    Object.assign(profile, { chargingProfileId: id(), chargingSchedule: schedule });
    return { connectorId: evse(), csChargingProfiles: profile };
  }
  Object.assign(profile, { id: id(), chargingSchedule: [Object.assign(schedule, { id: 1 })] });
  return { evseId: evse(), chargingProfile: profile };
}

async function send(action, payload) {
  const answer = await api("POST", path("stations", station.id, "call", action), JSON.stringify(payload));
  if (answer.error) throw new Error(answer.error.code + " " + answer.error.description);
  $("plan-result").textContent = action + ": " + answer.result.status;
  return answer.result;
}

async function look() {
  const duration = hours() * 3600;
  const which = old() ? { connectorId: evse() } : { evseId: evse() };
  const result = await send("GetCompositeSchedule", { ...which, duration, chargingRateUnit: "A" });
  const schedule = result.chargingSchedule || result.schedule;
  const told = schedule?.chargingSchedulePeriod || [];
  composite = told.map((p, i) => [p.startPeriod, told[i + 1]?.startPeriod ?? duration, p.limit ?? MOST_A]);
  draw();
}

function acting(act) {
  return async () => {
    $("plan-result").className = "faint";
    $("plan-result").textContent = "waiting for the answer";
    try {
      await act();
    } catch (e) {
      $("plan-result").className = "bad";
      $("plan-result").textContent = e.message;
    }
  };
}

$("plan").addEventListener("pointerdown", pointed);
$("plan").addEventListener("pointermove", pointed);
$("plan-hours").onchange = draw;
$("plan-evse").onchange = () => { $("plan-purpose").disabled = !evse(); };
$("plan-send").onclick = acting(() => send("SetChargingProfile", request()));
$("plan-look").onclick = acting(look);
$("plan-clear").onclick = acting(() => send("ClearChargingProfile",
  old() ? { id: id() } : { chargingProfileId: id() }));

// What a station has accepted and keeps: its reservations and charging profiles.

import { $, api, button, el, path, short } from "./dom.js";

let station = null; // as the API shows it

const old = () => station.version === "1.6";
const evseOf = (request) => request.connectorId ?? request.evseId ?? 0;
const place = (id) => (id ? "EVSE " + id : "station");

export function show(chosen) {
  const ids = [0, ...chosen.evses.map((e) => e.id)];
  const select = $("reserve-evse");
  if (station?.id !== chosen.id || select.options.length !== ids.length) {
    select.replaceChildren(...ids.map((id) =>
      el("option", { value: id, textContent: id ? "EVSE " + id : "any" })));
    if (ids.length > 1) select.value = ids[1];
    $("kept-result").textContent = "";
  }
  station = chosen;
  $("no-reservations").hidden = chosen.reservations.length > 0;
  $("reservations").replaceChildren(...chosen.reservations.map(reservation));
  $("no-profiles").hidden = chosen.profiles.length > 0;
  $("profiles").replaceChildren(...chosen.profiles.map(profile));
}

function row(values, last) {
  return el("tr", {}, ...values.map((v) => el("td", { textContent: v ?? "" })), el("td", {}, last));
}

function reservation(request) {
  const id = request.reservationId ?? request.id;
  const until = request.expiryDate ?? request.expiryDateTime;
  const over = Date.parse(until) < Date.now();
  return row([id, place(evseOf(request)), request.idTag ?? request.idToken.idToken,
    short(until) + (over ? " (over)" : "")],
  button("Cancel", () => send("CancelReservation", { reservationId: id }), !station.connected,
    "Cancel reservation " + id));
}

function profile(request) {
  const its = request.csChargingProfiles ?? request.chargingProfile;
  const id = its.chargingProfileId ?? its.id;
  const schedules = [its.chargingSchedule].flat();
  const periods = schedules.flatMap((s) =>
    s.chargingSchedulePeriod.map((p) => p.limit + " " + s.chargingRateUnit));
  const limits = periods.slice(0, 4).join(", ") + (periods.length > 4 ? ", ..." : "");
  return row([id, place(evseOf(request)), its.chargingProfilePurpose, its.stackLevel, limits],
    button("Clear", () => send("ClearChargingProfile", old() ? { id } : { chargingProfileId: id }),
      !station.connected, "Clear profile " + id));
}

async function send(action, payload) {
  $("kept-result").className = "faint";
  $("kept-result").textContent = action + ": waiting for the answer";
  try {
    const answer = await api("POST", path("stations", station.id, "call", action), JSON.stringify(payload));
    const error = answer.error;
    $("kept-result").className = error ? "bad" : "faint";
    $("kept-result").textContent = action + ": " + (error ? error.code + " " + error.description : answer.result.status);
  } catch (e) {
    $("kept-result").className = "bad";
    $("kept-result").textContent = action + ": " + e.message;
  }
}

$("reserve").onsubmit = (event) => {
  event.preventDefault();
  const used = station.reservations.map((r) => r.reservationId ?? r.id);
  const id = Math.max(0, ...used) + 1;
  const evse = Number($("reserve-evse").value);
  const until = new Date(Date.now() + Number($("reserve-minutes").value) * 60000);
  const expiry = until.toISOString().replace(/\.\d+Z/, "Z");
  const tag = $("reserve-tag").value;
  send("ReserveNow", old()
    ? { connectorId: evse, expiryDate: expiry, idTag: tag, reservationId: id }
    : { id, expiryDateTime: expiry, idToken: { idToken: tag, type: "ISO14443" }, ...(evse && { evseId: evse }) });
};

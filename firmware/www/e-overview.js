// The connectors: what goes on at each, why, and the controls of the simulation.
"use strict";

const FAULTS = ["ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature",
  "InternalError", "LocalListConflict", "OtherError", "OverCurrentFailure", "OverVoltage",
  "PowerMeterFailure", "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage",
  "WeakSignal", ...Array.from({ length: 26 }, (_, i) => "CX" + String(i + 1).padStart(3, "0"))];
const MEANS = ["ISO14443", "ISO15693", "Central", "DirectPayment", "eMAID", "EVCCID", "KeyCode", "Local",
  "MacAddress", "NoAuthorization", "VIN"];
const EV_WORDS = { A: "no car", B: "connected", C: "asks for energy", D: "asks, with ventilation",
  E: "pilot shorted", F: "pilot fault" };

const overview = {
  title: "Overview",
  cards: [],

  build() {
    const root = h("div", { class: "connectors" });
    this.cards = Array.from({ length: live.info.connectors }, (_, i) => connectorCard(i + 1));
    root.append(...this.cards.map((c) => c.node));
    this.display = h("div", { class: "display", role: "status" });
    this.root = h("div", {}, this.display, root, live.info.simulated ? worldCard(this) : null);
    this.history();
    return this.root;
  },

  async history() {
    try {
      const found = await api("GET", "history");
      for (const c of found.connectors) {
        const view = this.cards[c.id - 1];
        if (view) loadHistory(view.chart, found.newest, found.every_s, c);
      }
      this.update();
    } catch {
      // without it the chart begins now
    }
  },

  update() {
    const now = unix(live.status.time);
    live.status.connectors.forEach((c, i) => {
      if (this.cards[i]) this.cards[i].update(c, now);
    });
    const told = live.status.display || [];
    put(this.display, told.join("\n"));
    this.display.hidden = !told.length;
    if (this.world) this.world();
  },
};

const fact = (name) => {
  const value = h("dd");
  const node = h("div", {}, h("dt", { text: name }), value);
  node.value = value;
  return node;
};

function connectorCard(id) {
  const drawn = picture();
  const view = { chart: chart(id), why: "", asked: 0 };
  const status = h("span", { class: "status" });
  const faults = h("ul", { class: "faults", "aria-label": "Faults" });
  const facts = ["Who", "Power", "Session", "Time", "Limit", "Meter"].map(fact);
  const [who, power, energy, time, limit, meter] = facts.map((f) => f.value);
  power.parentNode.classList.add("big");
  const why = h("p", { class: "why" });
  const controls = live.info.simulated ? simulation(id) : null;
  view.node = h("section", { class: "card connector", "aria-label": "Connector " + id },
    h("div", { class: "head" }, h("h2", { text: "Connector " + id }), status),
    h("div", { class: "scene" }, drawn, h("dl", { class: "facts" }, facts)),
    faults, why, view.chart, controls ? controls.node : limitForm(id));
  view.update = (c, now) => {
    drawPicture(drawn, c);
    put(status, c.status + (c.availability === "Inoperative" && c.status !== "Unavailable" ? " (inoperative)" : ""));
    status.className = "status " + tone(c);
    const tx = c.transaction;
    put(who, c.authorized || (c.reservation !== null ? "reserved, no. " + c.reservation : "nobody"));
    put(power, kw(c.power_w));
    put(energy, tx ? kwh(tx.energy_wh) + cost(tx) : "–");
    put(time, tx ? span(tx.seconds) : "–");
    put(limit, amps(c.limit_a));
    put(meter, kwh(c.energy_wh));
    limit.title = tx ? "transaction " + (tx.id === null ? "not yet numbered" : tx.id) : "";
    const codes = c.faults.join();
    if (faults.dataset.codes !== codes) {
      faults.dataset.codes = codes;
      faults.replaceChildren(...c.faults.map((code) => faultChip(id, code)));
    }
    addPoint(view.chart, now, c.power_w, c.limit_a);
    view.chart.now = now;
    if (!document.hidden) drawChart(view.chart);
    if (controls) controls.update(c);
    explain(view, why, c);
  };
  return view;
}

// What the central system has told of the cost of a transaction, if anything.
const cost = (tx) => tx.cost === undefined || tx.cost === null ? ""
  : " · " + (typeof tx.cost === "object" ? Object.values(tx.cost).join(" ") : tx.cost);

function faultChip(id, code) {
  const own = FAULTS.includes(code) && live.info.simulated;
  const clear = () => act("DELETE", `connectors/${id}/fault`, { code }, code + " is gone");
  return h("li", {}, code, own ? button("×", clear, { "aria-label": "Clear " + code, class: "x" }) : null);
}

// Why the limit is what it is: asked for when something has changed, and now and then.
async function explain(view, node, c) {
  const key = [c.limit_a, c.status, c.transaction && c.transaction.id].join();
  const now = performance.now();
  if (document.hidden || (view.why === key && now - view.asked < 15000) || view.busy) return;
  view.busy = true;
  view.why = key;
  view.asked = now;
  try {
    put(node, reason(await api("GET", `connectors/${c.id}/explain`)));
  } catch (error) {
    put(node, "limit: " + error.message);
  } finally {
    view.busy = false;
  }
}

function source(line) {
  if (line.purpose === "host") {
    return `limit set at the charger${line.connector ? "" : " for all connectors"}`;
  }
  const at = line.connector ? "" : " of the station";
  return `${line.purpose}${at}, profile ${line.profile}, stack level ${line.stack_level}, ` +
    `period ${line.period + 1}`;
}

function reason(found) {
  const line = found.limits[0];
  let text = line ? `${amps(found.limit_a)}: ${source(line)}` : "No profile limits it";
  if (found.paused) text += ", too little to charge: paused";
  if (found.offered_a !== undefined && found.offered_a !== null && found.limit_a !== null &&
      found.offered_a < found.limit_a - 0.05) text += `; ${amps(found.offered_a)} after sharing`;
  if (found.next) text += `. Then ${amps(found.next.limit_a)} in ${span(found.next.in_s)}`;
  return text + ".";
}

function limitForm(id) {
  const current = input("number", "", { min: 0, max: 2000, step: 0.1, placeholder: "A" });
  const seconds = input("number", "", { min: 1, max: 604800, placeholder: "until restart" });
  const set = (event) => {
    event.preventDefault();
    const body = { current_a: current.value === "" ? null : +current.value };
    if (seconds.value !== "") body.seconds = +seconds.value;
    act("POST", `connectors/${id}/limit`, body, body.current_a === null ? "Limit removed" : "Limit set");
  };
  return h("form", { class: "row", onsubmit: set }, field("Limit here, A", current),
    field("for, s", seconds), h("button", { text: "Set limit" }));
}

// Controls of the simulated world, for one connector.
function simulation(id) {
  const path = `connectors/${id}/`;
  const post = (what, body, done) => act("POST", path + what, body, done);
  const state = select([["C", "C: wants energy"], ["B", "B: not ready"], ["D", "D: ventilation"]], "C");
  const current = input("number", 32, { min: 0, max: 1000, step: 0.5 });
  const phases = select([1, 2, 3], 3);
  const soc = input("number", "", { min: 0, max: 100, placeholder: "never full" });
  const plug = button("Plug in", () => {
    const body = { ev: state.value, current_a: +current.value, phases: +phases.value };
    if (soc.value !== "") body.soc = +soc.value;
    post("plug", body);
  }, { class: "primary" });
  const change = button("Change the car", () => {
    const body = { state: state.value, current_a: +current.value };
    if (soc.value !== "") body.soc = +soc.value;
    post("ev", body);
  });
  const unplug = button("Unplug at the car", () => post("unplug", { side: "ev" }), { class: "primary" });
  const pull = button("Pull at the station", () => post("unplug", { side: "station" }));

  const tag = input("text", "DEADBEEF", { maxlength: 255, spellcheck: "false" });
  const means = select(MEANS, "ISO14443");
  const hold = button("Hold card", () => {
    const rfid = means.value.startsWith("ISO");
    act("POST", rfid ? "rfid" : "auth", { idTag: tag.value, connector: id, type: means.value },
      (rfid ? "Card " : "") + tag.value + " presented");
  }, { class: "primary" });

  const code = select(FAULTS, "GroundFailure");
  const info = input("text", "", { maxlength: 50 });
  const vendor = input("text", "", { maxlength: 255 });
  const vendorCode = input("text", "", { maxlength: 50 });
  const raise = button("Raise fault", () => post("fault",
    { code: code.value, info: info.value, vendor_id: vendor.value, vendor_code: vendorCode.value }));
  const clear = button("Clear all", () => act("DELETE", path + "fault", {}, "No faults"));

  const diode = toggle("Car's pilot diode missing", (on) => post("pilot", { diode: !on }));
  const pilot = select([["", "whole"], ["E", "E: shorted"], ["F", "F: fault"]], "");
  pilot.addEventListener("change", () => post("pilot", { state: pilot.value || null }));
  const jam = toggle("Lock jammed", (on) => post("lock", { jam: on }));
  const bay = toggle("Parking bay occupied", (on) => post("parking", { occupied: on }));
  const signed = toggle("Meter signs its values", (on) => post("meter", { signed: on }));
  const register = input("number", "", { min: 0, max: 1e12, placeholder: "Wh" });
  const setMeter = button("Set meter", () => post("meter", { energy_wh: Math.round(+register.value) }, "Meter set"));

  const carNow = h("p", { class: "hint" });
  const node = h("div", { class: "controls" },
    h("fieldset", {}, h("legend", { text: "Car" }), h("div", { class: "row" }, field("State", state),
      field("Draws up to, A", current), field("Phases", phases), field("Battery, %", soc)),
    h("div", { class: "row" }, plug, unplug, change, pull), carNow),
    h("fieldset", {}, h("legend", { text: "Card" }), h("div", { class: "row" },
      field("Identifier", tag), field("Kind", means), hold)),
    h("details", {}, h("summary", { text: "Faults, lock, pilot, meter, limit" }),
      h("fieldset", {}, h("legend", { text: "Faults" }), h("div", { class: "row" }, field("Code", code),
        field("Info", info), field("Vendor", vendor), field("Vendor code", vendorCode)),
      h("div", { class: "row" }, raise, clear)),
      h("fieldset", {}, h("legend", { text: "Pilot, lock, bay" }), h("div", { class: "row" },
        field("Pilot line", pilot), diode, jam, bay)),
      h("fieldset", {}, h("legend", { text: "Meter" }), h("div", { class: "row" },
        field("Register, Wh", register), setMeter, signed)),
      h("fieldset", {}, h("legend", { text: "Limit of the charger's own" }), limitForm(id))));
  let known = "";
  const update = (c) => {
    // The fields follow the car, but not while somebody is at them.
    const now = JSON.stringify([c.plugged, c.ev, c.sim.current_a, c.sim.phases]);
    if (c.plugged && known !== now && !node.contains(document.activeElement)) {
      if ("BCD".includes(c.ev)) state.value = c.ev;
      current.value = c.sim.current_a;
      phases.value = c.sim.phases;
      known = now;
    }
    plug.hidden = c.plugged;
    phases.parentNode.hidden = c.plugged;
    unplug.hidden = change.hidden = pull.hidden = !c.plugged;
    clear.disabled = !c.faults.length;
    diode.show(!c.sim.diode);
    jam.show(c.sim.jam);
    bay.show(c.sim.occupied);
    signed.show(c.sim.signed);
    if (document.activeElement !== pilot) pilot.value = c.sim.pilot || "";
    put(carNow, c.plugged ? `State ${c.ev}, ${EV_WORDS[c.ev]}; draws up to ${c.sim.current_a} A on ` +
      `${c.sim.phases} phase${c.sim.phases > 1 ? "s" : ""}; battery at ${c.sim.soc} %.` : "");
  };
  return { node, update };
}

// Network, power, time: what concerns all connectors.
function worldCard(view) {
  const online = toggle("Network", (on) => act("POST", "network", { online: on }, on ? "Network is back" : "Network is gone"));
  const speed = select([1, 2, 5, 10, 30, 60, 100, 300, 1000].map((n) => [n, n + " ×"]), 1);
  speed.addEventListener("change", () => act("POST", "speed", { speed: +speed.value }, `Time runs ${speed.value} times as fast`));
  const reboot = (text, reason, cls) => button(text, () =>
    act("POST", "reboot", { reason }, "The firmware restarts"), { class: cls });
  const kind = input("text", "TamperDetectionActivated", { maxlength: 50 });
  const raise = button("Raise event", () => act("POST", "security_event", { type: kind.value }, "Event raised"));
  view.world = () => {
    const sim = live.status.sim;
    online.show(sim.online);
    if (document.activeElement !== speed) {
      if (![...speed.options].some((o) => +o.value === sim.speed)) speed.append(h("option", { value: sim.speed, text: sim.speed + " ×" }));
      speed.value = sim.speed;
    }
  };
  return card("World", { class: "card world" }, h("div", { class: "row" }, online,
    field("Speed of time", speed), reboot("Power cut", "PowerUp", "danger"), reboot("Watchdog", "Watchdog"),
    reboot("Reset", "LocalReset"), field("Security event", kind), raise));
}

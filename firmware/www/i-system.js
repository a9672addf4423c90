// The charger itself: who it is, memory, flash, network, connection.
"use strict";

// Figures of docs/flash.md, "Wear": blocks that are erased by each, on the average.
const ERASED_BY_RECORD = 0.25;
const ERASED_BY_FILE = 1;
const BLOCK = 4096;
const ERASURES = 100000;

const rows = (...pairs) => h("dl", { class: "list" }, pairs.filter((p) => p[1] !== null && p[1] !== undefined && p[1] !== "")
  .map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", {}, value))));

function meter(used, total, text) {
  return h("div", { class: "meter" }, h("progress", { max: total, value: used, "aria-label": text }), h("span", { text }));
}

const system = {
  title: "System",

  build() {
    this.root = h("div", { class: "columns" });
    this.asked = performance.now();
    this.update();
    return h("div", {}, doctorCard(), this.root);
  },

  // What changes slowly is asked for anew now and then.
  async refresh() {
    if (performance.now() - this.asked < 10000 || document.hidden) return;
    this.asked = performance.now();
    try {
      live.info = await api("GET", "console");
    } catch {
      // the stream will tell
    }
  },

  update() {
    const st = live.status, i = live.info, o = st.ocpp, cp = i.charge_point;
    this.refresh();
    const heap = st.heap.free + st.heap.used;
    this.root.replaceChildren(
      card("Connection", {}, rows(["Central system", i.url], ["Identity", i.id],
        ["OCPP", o.version], ["Security profile", i.security_profile],
        ["Connected", o.connected ? "yes" : "no"], ["Registration", o.registration || "not yet"],
        ["Last frame", o.last_frame_s === null ? "none yet" : span(o.last_frame_s) + " ago"],
        ["Signal", i.rssi_dbm === null ? (i.simulated ? "simulated network" : "unknown") : i.rssi_dbm + " dBm"],
        ["Waiting records", o.queued], ["Parked records", o.parked || 0],
        ["Last failure", o.error])),
      card("Charger", {}, rows(["Vendor", cp.vendor], ["Model", cp.model], ["Serial number", cp.serial],
        ["Firmware", cp.firmware], ["Meter", [cp.meter_type, cp.meter_serial].filter(Boolean).join(" ")], ["Board", i.board],
        ["Connectors", i.connectors + (i.connector_lock ? ", with lock" : "")], ["Running for", span(st.uptime_s)],
        ["Started by", i.boot_reason], ["Faults", st.faults.join(", ") || "none"])),
      card("Memory", {}, meter(st.heap.used, heap, `${kb(st.heap.used)} of ${kb(heap)} in use`),
        rows(["Free heap", kb(st.heap.free)], ["Listeners to events", i.listeners])),
      card("Flash", {}, i.flash.size ? meter(i.flash.size - i.flash.free, i.flash.size,
        `${kb(i.flash.size - i.flash.free)} of ${kb(i.flash.size)} in use`) : null,
      rows(["Medium", i.simulated ? "the disk of this computer" : null], ["State", i.flash.full ? "takes nothing" : "sound"], ["Files replaced since start", i.flash.files],
        ["Records written since start", i.flash.records], ["Records lost or thinned", i.flash.dropped],
        ["Damaged places", o.damaged], ["Wear", wear(i, st)])));
  },
};

function wear(i, st) {
  const f = i.flash;
  if (f.files === undefined) return null;
  const counted = f.erased !== null && f.erased !== undefined;
  const erased = counted ? f.erased : f.records * ERASED_BY_RECORD + f.files * ERASED_BY_FILE;
  let text = `${counted ? "" : "about "}${Math.round(erased)} blocks erased since start`;
  if (st.uptime_s >= 3600 && erased && f.size) {
    const years = Math.min(f.size, 16e6) / BLOCK * ERASURES / (erased / st.uptime_s) / 31557600;
    text += `; at this rate the flash lasts ${years > 100 ? "over 100" : "some " + Math.round(years)} years`;
  }
  return text;
}

// The way to the central system, examined step by step.
function doctorCard() {
  const list = h("ul", { class: "steps", role: "status" });
  const examine = button("Examine", async () => {
    examine.disabled = true;
    try {
      await api("POST", "doctor", {});
      for (let found = { running: true }; found.running;) {
        await new Promise((done) => setTimeout(done, 500));
        found = await api("GET", "doctor");
        list.replaceChildren(...found.steps.map((step) => h("li", {},
          h("span", { class: "badge " + (step.ok ? "green" : "red"), text: step.ok ? step.step : step.step + " ✗" }),
          h("p", { text: step.text }))));
      }
    } catch (error) {
      toast(error.message, true);
    } finally {
      examine.disabled = false;
    }
  });
  return h("section", { class: "card" }, h("div", { class: "head" },
    h("h2", { text: "Way to the central system" }), examine), list);
}

// The OCPP frames both ways: filtered, unfolded, copied; errors and slow answers stand out.
"use strict";

const SHOWN = 300;
const SLOW_MS = 1000;
const WRAP = 2 ** 29; // where the charger's milliseconds begin anew

const messages = {
  title: "Messages",

  build() {
    this.text = input("search", "", { placeholder: "Filter: action, id, any text", "aria-label": "Filter", class: "search" });
    this.way = select([["", "both ways"], ["out", "sent by the charger"], ["in", "received"]], "", { "aria-label": "Direction" });
    this.kind = select([["", "all kinds"], ["2", "calls"], ["3", "results"], ["4", "errors"]], "", { "aria-label": "Kind" });
    this.count = h("span", { class: "hint" });
    this.list = h("ol", { class: "log" });
    this.opened = new Set();
    for (const node of [this.text, this.way, this.kind]) node.addEventListener("input", () => this.frames());
    this.paused = toggle("Pause", () => this.frames());
    this.frames();
    return card(null, {}, h("div", { class: "row" }, this.text, this.way, this.kind, this.paused,
      button("Copy all", () => copy(this.found.map((f) => JSON.stringify(f)).join("\n"), this.found.length + " messages copied")),
      this.count), this.list);
  },

  frames() {
    if (!this.list || this.paused.box.checked) return;
    const calls = pairs(live.frames);
    const wanted = this.text.value.toLowerCase();
    this.found = live.frames.filter((m) => {
      if (this.way.value && m.dir !== this.way.value) return false;
      if (this.kind.value && (!m.frame || String(m.frame[0]) !== this.kind.value)) return false;
      const call = calls.get(m.n);
      return !wanted || (JSON.stringify(m.frame || m.text) + " " + (call ? call.action : "")).toLowerCase().includes(wanted);
    });
    put(this.count, `${this.found.length} of ${live.frames.length}` +
      (this.found.length > SHOWN ? `, the last ${SHOWN} shown` : ""));
    // Rows that are there stay: what is unfolded or selected is not lost.
    const rows = new Map([...this.list.children].map((row) => [row.dataset.n, row]));
    const next = this.found.slice(-SHOWN).reverse().map((m) => {
      const key = live.info.process + m.n;
      const call = calls.get(m.n);
      const row = rows.get(key) || messageRow(m, key, call);
      row.mark(call);
      return row;
    });
    this.list.replaceChildren(...next);
    if (!next.length) this.list.append(h("li", { class: "empty", text: "No messages." }));
  },
};

// For each frame: its action and, of an answer, how long it took. {n: {action, ms, error, answered}}
function pairs(frames) {
  const found = new Map();
  const open = new Map();
  for (const m of frames) {
    if (!m.frame) continue;
    const [kind, id] = m.frame;
    const key = (kind === 2) === (m.dir === "out") ? "ours " + id : "theirs " + id;
    if (kind === 2) {
      const call = { action: m.frame[2], at: m, answered: false };
      found.set(m.n, call);
      open.set(key, call);
    } else {
      const call = open.get(key);
      if (call) call.answered = m;
      found.set(m.n, { action: call ? call.action : "", error: kind === 4,
        ms: call ? (m.ms - call.at.ms + WRAP) % WRAP : null });
    }
  }
  return found;
}

function messageRow(m, key, call) {
  const kind = m.frame ? { 2: "call", 3: "result", 4: "error" }[m.frame[0]] || "other" : "error";
  const mark = h("span", { class: "mark" });
  const brief = h("span", { class: "brief", text: m.frame ? JSON.stringify(m.frame.slice(kind === "call" ? 3 : 2)) : m.text });
  const what = h("b", { text: (call && call.action) || (m.frame ? "answer" : "not a message") });
  const body = h("details", {}, h("summary", {},
    h("time", { text: clock(m.t), title: m.t }),
    h("span", { class: "way " + m.dir, text: m.dir === "out" ? "→" : "←", title: m.dir === "out" ? "sent by the charger" : "received" }),
    h("span", { class: "kind " + kind, text: kind }), what, mark, brief));
  const row = h("li", { class: kind, "data-n": key }, body);
  body.addEventListener("toggle", () => {
    if (!body.open || body.children.length > 1) return;
    const text = JSON.stringify(m.frame || m.text, null, 2);
    body.append(h("div", { class: "full" }, button("Copy", () => copy(text, "Copied")), pretty(text)));
  });
  row.mark = (now) => {
    if (!now) return;
    if (kind === "call") put(mark, now.answered ? "" : "no answer yet");
    else if (now.ms !== null) put(mark, now.ms < 10000 ? now.ms + " ms" : span(now.ms / 1000));
    mark.classList.toggle("slow", kind === "call" ? !now.answered : now.ms >= SLOW_MS);
  };
  return row;
}

// JSON with colours: pieces of text in elements.
function pretty(text) {
  const node = h("pre", {});
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  let at = 0;
  for (const found of text.matchAll(token)) {
    node.append(text.slice(at, found.index));
    const cls = found[1] ? (found[2] ? "n" : "s") : found[3] ? "w" : "d";
    node.append(h("span", { class: cls, text: found[1] || found[0] }), found[2] || "");
    at = found.index + found[0].length;
  }
  node.append(text.slice(at));
  return node;
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS browsers have no clipboard for pages.
    const area = h("textarea", { value: text, class: "off" });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(done);
}

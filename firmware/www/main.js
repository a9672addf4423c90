// The frame of the page: sections, head, what is told when the charger is silent.
"use strict";

const SECTIONS = { overview, messages, settings, lists, transactions, certificates, system };
let shown = null; // name of the section on the page

function show() {
  if (!live.info || !live.status) return;
  const name = location.hash.slice(1) in SECTIONS ? location.hash.slice(1) : "overview";
  if (name === shown) return;
  shown = name;
  for (const link of $("tabs").children) {
    if (link.hash === "#" + name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const section = SECTIONS[name];
  $("main").replaceChildren(section.build());
  if (section.update) section.update();
  document.title = `${section.title} · ${live.info.id}`;
}

function head() {
  const i = live.info, cp = i.charge_point;
  put($("name"), i.id);
  put($("model"), [cp.vendor, cp.model, cp.firmware, i.simulated ? "simulated" : i.board].filter(Boolean).join(" · "));
}

function pills() {
  const o = live.status.ocpp;
  const link = $("link");
  put(link, "OCPP " + o.version + " · " + (!o.connected ? "not connected" : o.registration || "connecting"));
  link.className = "pill " + (o.connected && o.registration === "Accepted" ? "green" : o.connected ? "amber" : "red");
  link.title = o.error || "";
  put($("clock"), clock(live.status.time));
}

// Every half second: are the news new?
function watch() {
  const stale = live.stale;
  const pill = $("live");
  document.body.classList.toggle("stale", stale && live.at !== null);
  put(pill, stale ? (live.at ? "no news" : "connecting") : "live");
  pill.className = "pill " + (stale ? "red" : "green");
  const note = $("stale");
  note.hidden = !(stale && live.at);
  if (!note.hidden) {
    put(note, `The charger is silent. What you see is from ${live.at.toTimeString().slice(0, 8)}, ` +
      `${span((performance.now() - live.seen) / 1000)} ago. Trying again …`);
  }
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const name = Object.keys(SECTIONS)[Number(event.key) - 1];
  if (name) location.hash = name;
  const search = document.querySelector(".search");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
  }
}

function theme(next) {
  const root = document.documentElement;
  if (next) root.dataset.theme = next;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  put($("theme"), dark ? "☀" : "☾");
  return dark;
}

function begin() {
  $("tabs").append(...Object.entries(SECTIONS).map(([name, section], i) =>
    h("a", { href: "#" + name, text: section.title, title: `Key ${i + 1}` })));
  let kept = null;
  try {
    kept = localStorage.getItem("theme");
  } catch {
    // not allowed: it is not remembered
  }
  theme(kept);
  $("theme").addEventListener("click", () => {
    const next = theme() ? "light" : "dark";
    theme(next);
    try {
      localStorage.setItem("theme", next);
    } catch {
      // as above
    }
  });
  live.on("info", () => {
    head();
    // After a restart lists may be others, and so may be the number of connectors.
    const before = begin.process;
    begin.process = live.info.process;
    if (before && before !== begin.process) shown = null;
    else if (shown === "overview") overview.history();
  });
  live.on("status", () => {
    pills();
    show();
    const section = SECTIONS[shown];
    if (section && section.update) section.update();
  });
  live.on("frames", () => { if (shown === "messages") messages.frames(); });
  addEventListener("hashchange", () => { show(); $("main").focus({ preventScroll: true }); });
  addEventListener("keydown", keys);
  document.addEventListener("visibilitychange", () => live.rest(document.hidden));
  setInterval(watch, 500);
  live.connect();
}

begin();

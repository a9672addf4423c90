// What is kept: lists, profiles, reservations, transactions, certificates.
"use strict";

const MOST = 500; // rows of a list that are asked for at a time

// A card that asks the charger when it is shown, and on request.
function lazyCard(title, path, name, draw, more) {
  const body = h("div", {}, h("p", { class: "empty", text: "Loading …" }));
  const load = async () => {
    try {
      const found = (await api("GET", `${path}?limit=${MOST}`))[name];
      body.replaceChildren(draw(found));
      if (found.length === MOST) body.append(h("p", { class: "hint", text: `The first ${MOST} are shown.` }));
    } catch (error) {
      body.replaceChildren(h("p", { class: "empty bad", text: error.message }));
    }
  };
  load();
  return h("section", { class: "card" }, h("div", { class: "head" }, h("h2", { text: title }),
    h("div", { class: "row" }, more ? more(load) : null, button("Reload", load))), body);
}

function validity(text) {
  if (!text) return null;
  const left = unix(text) - unix(live.status.time);
  const cls = left < 0 ? "badge red" : left < 30 * 86400 ? "badge amber" : "badge green";
  return h("span", {}, when(text), " ", h("span", { class: cls, text: left < 0 ? "expired" : "in " + span(left) }));
}

const statusBadge = (status) =>
  h("span", { class: "badge " + (status === "Accepted" ? "green" : "amber"), text: status });

const lists = {
  title: "Lists",

  build() {
    const entries = (found) => table(["Identifier", "Status", "Group", "Expires"],
      found.map((e) => [e.idTag, statusBadge(e.status), e.group, validity(e.expiry)]), "It is empty.");
    return h("div", { class: "columns" },
      lazyCard("Local authorization list", "local_list", "entries", entries),
      lazyCard("Authorization cache", "auth_cache", "entries", entries, (load) =>
        button("Clear", async () => { await act("DELETE", "auth_cache", {}, "Cache cleared"); load(); })),
      lazyCard("Reservations", "reservations", "reservations", (found) => table(
        ["Number", "Connector", "For", "Group", "Until"],
        found.map((r) => [r.id, r.connector || "any", r.idTag, r.group, validity(r.until)]), "There are none.")),
      lazyCard("Charging profiles", "profiles", "profiles", (found) => found.length
        ? h("div", {}, found.map(profileCard)) : h("p", { class: "empty", text: "There are none." })));
  },
};

function profileCard(p) {
  const most = Math.max(...p.periods.map((x) => x[1]), 1);
  const bars = p.periods.map(([start, limit, phases], i) => {
    const end = i + 1 < p.periods.length ? p.periods[i + 1][0] : p.duration_s || Math.max(start * 1.25, start + 3600);
    return { start, end, limit, phases };
  });
  const total = bars[bars.length - 1].end;
  const drawing = s("svg", { class: "profile", viewBox: "0 0 300 48", preserveAspectRatio: "none", "aria-hidden": "true" },
    bars.map((b) => s("rect", { x: b.start / total * 300, width: Math.max(1, (b.end - b.start) / total * 300 - 1),
      y: 46 - b.limit / most * 42, height: b.limit / most * 42 + 2 })));
  const valid = p.valid_from || p.valid_to ? `valid ${when(p.valid_from) || "…"} to ${when(p.valid_to) || "…"}` : "";
  return h("article", { class: "profilecard" },
    h("h3", { text: `${p.id}: ${p.purpose}` }),
    h("p", { class: "hint", text: [`connector ${p.connector || "all"}`, `stack level ${p.stack_level}`,
      p.kind + (p.cycle_s ? `, every ${span(p.cycle_s)}` : ""), p.start && "from " + when(p.start),
      p.duration_s && "for " + span(p.duration_s), valid, p.kept ? "" : "until restart"].filter(Boolean).join(" · ") }),
    drawing,
    h("p", { class: "hint", text: bars.map((b) => `${span(b.start)}: ${b.limit} ${p.unit}${b.phases ? ` on ${b.phases} ph` : ""}`).join(", ") }));
}

const transactions = {
  title: "Transactions",

  build() {
    return h("div", {},
      lazyCard("Not taken by the central system", "parked", "parked", (found) => table(
        ["Record", "Kind", "Transaction", "Time", "Why"],
        found.map((r) => [r.record, r.kind, r.transaction === null ? r.key : r.transaction, when(r.time), r.why]),
        "None: everything was taken."), (load) => button("Send again", async () => {
        await act("POST", "parked/resend", {}, "They are sent again");
        setTimeout(load, 1500);
      }, { class: "primary" })),
      lazyCard("Transaction log", "transactions", "records", (found) => table(
        ["Record", "Time", "Kind", "Connector", "Transaction", "Register", "Details", ""],
        found.reverse().map((r) => [r.record, when(r.time), r.kind, r.connector,
          r.transaction === null ? r.key : r.transaction, r.wh === null ? null : kwh(r.wh),
          r.idTag || r.reason,
          h("span", { class: "badge " + (r.waits ? "amber" : "green"), text: r.waits ? "waits" : r.kind === "sample" ? "kept" : "told" })]),
        "Nothing is kept: all transactions are over and told.")));
  },
};

const certificates = {
  title: "Certificates",

  build() {
    return lazyCard("Certificates", "certificates", "certificates", (found) => table(
      ["Use", "Subject", "Issuer", "Serial number", "From", "Expires"],
      found.map((c) => [h("span", {}, c.use === "own" ? "the charger's own" : c.use,
        c.used ? [" ", h("span", { class: "badge green", text: "in use" })] : null),
      c.subject, c.issuer, h("code", { text: c.serial }), when(c.starts), validity(c.ends)]),
      "There are none."));
  },
};

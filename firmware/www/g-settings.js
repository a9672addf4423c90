// Settings in the names of both protocol versions: searched and changed.
"use strict";

const settings = {
  title: "Settings",

  build() {
    this.text = input("search", "", { placeholder: "Search names and values", "aria-label": "Search", class: "search" });
    this.only = select([["", "all"], ["rw", "can be changed"], ["changed", "not at its default"], ["ro", "read-only"]],
      "", { "aria-label": "Which" });
    this.text.addEventListener("input", () => this.filter());
    this.only.addEventListener("input", () => this.filter());
    this.count = h("span", { class: "hint" });
    this.list = h("div", { class: "settings" }, h("p", { class: "empty", text: "Loading …" }));
    this.load();
    return card(null, {}, h("div", { class: "row" }, this.text, this.only,
      button("Reload", () => this.load()), this.count), this.list);
  },

  async load() {
    try {
      const found = await api("GET", "settings/table");
      this.rows = found.settings.map(settingRow);
      this.list.replaceChildren(...this.rows.map((r) => r.node));
      this.filter();
    } catch (error) {
      toast("Settings: " + error.message, true);
    }
  },

  filter() {
    if (!this.rows) return;
    const words = this.text.value.toLowerCase().split(/\s+/);
    let count = 0;
    for (const row of this.rows) {
      const d = row.setting;
      const text = `${d.name16} ${d.name2} ${d.value} ${d.unit}`.toLowerCase();
      const kind = { "": true, rw: !d.readonly, ro: d.readonly, changed: !d.readonly && !d.secret && d.value !== d.default }[this.only.value];
      row.node.hidden = !(kind && words.every((w) => text.includes(w)));
      count += row.node.hidden ? 0 : 1;
    }
    put(this.count, `${count} of ${this.rows.length}`);
  },
};

function bounds(d) {
  const [least, most] = d.limits.split("..");
  const unit = d.unit ? " " + d.unit : "";
  switch (d.type) {
    case "bool": return "true or false";
    case "int": case "decimal": {
      const noun = d.type === "int" ? "whole number" : "number";
      if (most === undefined || (!least && !most)) return noun + (unit && "," + unit);
      return `${noun} ${most ? `${least || 0} to ${most}` : "from " + least}${unit}`;
    }
    case "str": return "text" + (most ? `, ${least || 0} to ${most} characters` : "");
    case "enum": return "one of " + d.limits.replaceAll(",", ", ");
    case "csl": return "list" + (d.limits ? " of " + d.limits.replaceAll(",", ", ") : "");
    case "measurands": return "list of measurands";
    default: return "list of connector.rotation";
  }
}

function editor(d) {
  const name = { "aria-label": d.name16 || d.name2, disabled: d.readonly };
  const value = d.value === null ? "" : d.value;
  if (d.type === "bool") return select(d.value === null ? ["", "true", "false"] : ["true", "false"], value, name);
  if (d.type === "enum") return select([...new Set([value, ...d.limits.split(",")])], value, name);
  const [least, most] = d.limits.split("..");
  if (d.type === "int") return input("number", value, { ...name, min: least || null, max: most || null, step: 1 });
  if (d.secret) return input("text", "", { ...name, placeholder: "secret: only set", class: "masked", spellcheck: "false" });
  return input("text", value, { ...name, spellcheck: "false" });
}

function settingRow(d) {
  const row = { setting: d };
  const name = d.name16 || d.name2;
  const box = editor(d);
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const save = h("button", { text: "Save", hidden: true, class: "primary" });
  const usual = button("Default", () => store(null), { hidden: d.readonly, title: "Back to the default" });
  const shown = () => d.secret || d.value === null ? "" : d.value;
  const badges = h("span", { class: "badges" },
    d.readonly ? h("span", { class: "badge", text: "read-only" }) : null,
    d.secret ? h("span", { class: "badge", text: "secret" }) : null,
    d.reboot ? h("span", { class: "badge amber", text: "after a restart" }) : null);
  const store = async (value) => {
    wrong.hidden = true;
    const before = box.value;
    try {
      await api("POST", "settings", { [name]: value });
      toast(`${name} saved`);
      const all = await api("GET", "settings/table");
      Object.assign(d, all.settings.find((other) => (other.name16 || other.name2) === name));
      // What was typed meanwhile stays.
      if (box.value === before) box.value = shown();
      save.hidden = box.value === shown();
      usual.hidden = d.value === d.default && !d.secret;
    } catch (error) {
      wrong.hidden = false;
      put(wrong, error.message);
    }
  };
  usual.hidden = d.readonly || (d.value === d.default && !d.secret);
  box.addEventListener("input", () => { save.hidden = box.value === shown(); });
  row.node = h("form", { class: "setting", novalidate: true, onsubmit: (event) => { event.preventDefault(); store(box.value); } },
    h("div", { class: "names" }, h("b", { text: d.name16 || d.name2 }),
      d.name16 && d.name2 ? h("span", { class: "second", text: d.name2 }) : null, badges),
    h("div", { class: "edit" }, box, save, usual),
    h("p", { class: "hint", text: bounds(d) + (d.default !== null && !d.secret && d.default.length < 80 ? `; default ${d.default || "empty"}` : "") }), wrong);
  return row;
}

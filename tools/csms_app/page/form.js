// A form for a JSON schema of OCPP: build(schema, value) -> {node, read()}.
// Required fields are there; optional ones are added by name.

import { button, el } from "./dom.js";

const HIDDEN = new Set(["customData"]);

export function build(schema, value, onchange = () => {}) {
  const made = make(schema, schema, "", value);
  made.node.addEventListener("input", onchange);
  made.node.addEventListener("click", onchange);
  return made;
}

function resolve(schema, root) {
  return schema.$ref ? root.definitions[schema.$ref.split("/").pop()] : schema;
}

function make(given, root, name, value) {
  const schema = resolve(given, root);
  if (schema.enum) return choice(schema.enum, name, value);
  if (schema.type === "object") return group(schema, root, name, value);
  if (schema.type === "array") return list(schema, root, name, value);
  if (schema.type === "boolean") return choice([true, false], name, value);
  return input(schema, name, value);
}

function choice(values, name, value) {
  const select = el("select", {}, ...values.map((v) => el("option", { textContent: String(v) })));
  if (value !== undefined) select.value = String(value);
  select.setAttribute("aria-label", name);
  return { node: el("label", {}, name, select), read: () => values[select.selectedIndex] };
}

function input(schema, name, value) {
  const number = schema.type === "integer" || schema.type === "number";
  const field = el("input", { type: number ? "number" : "text", autocomplete: "off" });
  if (schema.type === "number") field.step = "any";
  if (schema.maxLength) field.maxLength = schema.maxLength;
  if (schema.minimum !== undefined) field.min = schema.minimum;
  if (schema.maximum !== undefined) field.max = schema.maximum;
  if (schema.description) field.title = schema.description.replace(/urn:\S+/g, "").trim();
  if (value !== undefined) field.value = value;
  field.setAttribute("aria-label", name);
  const read = () => (number ? (field.value === "" ? null : Number(field.value)) : field.value);
  return { node: el("label", {}, name, field), read };
}

function group(schema, root, name, value = {}) {
  const names = Object.keys(schema.properties || {}).filter((n) => !HIDDEN.has(n));
  const required = new Set(schema.required || []);
  const children = new Map();
  const body = el("div", { className: "fields" });
  const more = el("select", {}, el("option", { textContent: "add a field", value: "" }));
  more.setAttribute("aria-label", "Add a field" + (name ? " to " + name : ""));

  function add(field, content) {
    const made = make(schema.properties[field], root, field, content);
    const box = el("div", { className: "field" }, made.node);
    if (!required.has(field)) {
      box.append(button("×", () => {
        children.delete(field);
        box.remove();
        offer();
      }, false, "Remove " + field));
    }
    children.set(field, made);
    body.append(box);
    offer();
    return made;
  }

  function offer() {
    const left = names.filter((n) => !children.has(n));
    more.replaceChildren(el("option", { textContent: "add a field", value: "" }),
      ...left.map((n) => el("option", { textContent: n, value: n })));
    more.hidden = !left.length;
  }

  more.onchange = () => {
    if (more.value) add(more.value).node.querySelector("input, select")?.focus();
  };
  for (const field of names) {
    if (required.has(field) || field in value) add(field, value[field]);
  }
  offer();
  const node = el("fieldset", {}, name ? el("legend", { textContent: name }) : null, body, more);
  return { node, read: () => Object.fromEntries([...children].map(([n, c]) => [n, c.read()])) };
}

function list(schema, root, name, value = []) {
  const items = new Set();
  const body = el("div", { className: "fields" });

  function add(content) {
    const made = make(schema.items || {}, root, name + " " + (items.size + 1), content);
    const box = el("div", { className: "field" }, made.node);
    box.append(button("×", () => {
      items.delete(made);
      box.remove();
    }, false, "Remove " + name));
    items.add(made);
    body.append(box);
  }

  value.forEach(add);
  if (!items.size && (schema.minItems || 0) > 0) add();
  const node = el("fieldset", {}, el("legend", { textContent: name }), body,
    button("Add", () => add(), false, "Add " + name));
  return { node, read: () => [...items].map((i) => i.read()) };
}

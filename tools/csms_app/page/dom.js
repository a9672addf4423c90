// Elements and requests. Text of stations goes through textContent, never into markup.

export const $ = (id) => document.getElementById(id);

export function el(tag, props, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

export function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function button(text, act, disabled, label) {
  const node = el("button", { type: "button", textContent: text, onclick: act, disabled });
  node.setAttribute("aria-label", label);
  return node;
}

export async function api(method, path, body) {
  const options = { method };
  if (body !== undefined) options.body = body;
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}

export const path = (...parts) => "/api/" + parts.map(encodeURIComponent).join("/");
export const short = (time) => (time || "").replace("T", " ").replace(/(\.\d+)?Z$/, "");

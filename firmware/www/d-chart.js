// Power and limit over the last hour, drawn by hand. Both scales fit each other: a limit of so many
// amperes on three phases of 230 V is drawn at the power that it allows.
"use strict";

const HOUR = 3600;
const H = 190, LEFT = 46, RIGHT = 40, TOP = 14, BOTTOM = 24;
const WATTS_PER_A = 690;

function chart(id) {
  const node = s("svg", { class: "chart", height: H, role: "img", tabindex: 0 });
  const told = h("p", { class: "told", "aria-live": "off" });
  const key = h("p", { class: "key" },
    h("span", { class: "k power", text: "Power" }), h("span", { class: "k limit", text: "Limit" }), told);
  const box = h("figure", { class: "chartbox" }, node, key);
  box.points = []; // [unix s, W, A or null], the oldest first
  box.cursor = null;
  const point = (x) => {
    const view = box.points.filter((p) => p[0] >= box.now - HOUR);
    if (!view.length) return;
    const t = box.now - HOUR + x * HOUR;
    box.cursor = view.reduce((a, b) => Math.abs(b[0] - t) < Math.abs(a[0] - t) ? b : a);
    drawChart(box);
  };
  node.addEventListener("pointermove", (event) => {
    const r = node.getBoundingClientRect();
    point(((event.clientX - r.left) - LEFT) / (r.width - LEFT - RIGHT));
  });
  node.addEventListener("pointerleave", () => { box.cursor = null; drawChart(box); });
  node.addEventListener("blur", () => { box.cursor = null; drawChart(box); });
  node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !box.points.length) return;
    event.preventDefault();
    const i = box.cursor ? box.points.indexOf(box.cursor) + step : box.points.length - 1;
    box.cursor = box.points[Math.max(0, Math.min(i, box.points.length - 1))];
    told.setAttribute("aria-live", "polite");
    drawChart(box);
  });
  box.node = node;
  box.told = told;
  box.now = 0;
  box.name = "connector " + id;
  return box;
}

function niceTop(value) {
  for (const top of [4000, 8000, 12000, 16000, 24000, 50000, 100000, 200000, 400000]) {
    if (value <= top) return top;
  }
  return value;
}

function drawChart(box) {
  const W = box.node.clientWidth || 500; // drawn to measure: texts keep their size
  const from = box.now - HOUR;
  // What lies before the left edge is needed to begin the line.
  const view = box.points.filter((p, i) => p[0] >= from || (box.points[i + 1] || [0])[0] >= from);
  const most = Math.max(0, ...view.map((p) => Math.max(p[1], (p[2] || 0) * WATTS_PER_A)));
  const top = niceTop(most);
  const x = (t) => LEFT + Math.max(0, t - from) / HOUR * (W - LEFT - RIGHT);
  const y = (w) => H - BOTTOM - w / top * (H - TOP - BOTTOM);
  const out = [s("title", { text: `Power and limit of ${box.name} over the last hour` })];
  for (let i = 0; i <= 4; i += 1) {
    const w = top * i / 4;
    out.push(s("line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: y(w), y2: y(w) }));
    out.push(s("text", { class: "tick", x: LEFT - 6, y: y(w) + 3.5, "text-anchor": "end",
      text: +(w / 1000).toFixed(1) + (i === 4 ? " kW" : "") }));
  }
  const step = [1, 2, 4, 8, 16, 32, 64, 128].find((a) => top / WATTS_PER_A / a <= 6) || 256;
  for (let a = 0; a <= top / WATTS_PER_A; a += step) {
    const last = a + step > top / WATTS_PER_A;
    out.push(s("text", { class: "tick limit", x: W - RIGHT + 6, y: y(a * WATTS_PER_A) + 3.5, text: a + (last ? " A" : "") }));
  }
  const every = W < 420 ? 1200 : 600;
  for (let t = Math.ceil(from / every) * every; t <= box.now; t += every) {
    if (x(t) < LEFT + 10 || x(t) > W - RIGHT - 10) continue;
    out.push(s("line", { class: "grid", x1: x(t), x2: x(t), y1: TOP, y2: H - BOTTOM }));
    out.push(s("text", { class: "tick", x: x(t), y: H - 8, "text-anchor": "middle",
      text: new Date(t * 1000).toISOString().slice(11, 16) }));
  }
  if (view.length > 1) out.push(...curves(view, x, y));
  else out.push(s("text", { class: "tick", x: W / 2, y: H / 2, "text-anchor": "middle", text: "collecting …" }));
  const c = box.cursor;
  if (c && c[0] >= from) {
    out.push(s("line", { class: "cursor", x1: x(c[0]), x2: x(c[0]), y1: TOP, y2: H - BOTTOM }));
    out.push(s("circle", { class: "point", cx: x(c[0]), cy: y(c[1]), r: 4 }));
  }
  box.node.replaceChildren(...out);
  const shown = c || view[view.length - 1];
  put(box.told, shown ? `${clock(new Date(shown[0] * 1000).toISOString())}  ${kw(shown[1])}, ${amps(shown[2])}` : "");
}

function curves(view, x, y) {
  let power = "", limit = "", open = false;
  view.forEach((p, i) => {
    power += (i ? "L" : "M") + x(p[0]).toFixed(1) + " " + y(p[1]).toFixed(1);
    if (p[2] === null) {
      open = false;
      return;
    }
    const at = y(p[2] * WATTS_PER_A).toFixed(1);
    limit += open ? `H${x(p[0]).toFixed(1)}V${at}` : `M${x(p[0]).toFixed(1)} ${at}`;
    open = true;
  });
  const base = y(0);
  const area = `${power}L${x(view[view.length - 1][0]).toFixed(1)} ${base}L${x(view[0][0]).toFixed(1)} ${base}Z`;
  const out = [s("path", { class: "area", d: area }), s("path", { class: "line power", d: power })];
  if (limit) out.push(s("path", { class: "line limit", d: limit }));
  return out;
}

// The charger's own samples; those that came live and are newer stay.
function loadHistory(box, newest, every, found) {
  const n = found.power_w.length;
  const old = found.power_w.map((w, i) => [newest - (n - 1 - i) * every, w, found.limit_a[i]]);
  box.points = [...old, ...box.points.filter((p) => p[0] > newest)];
}

function addPoint(box, time, w, a) {
  const last = box.points[box.points.length - 1];
  if (last && time <= last[0]) {
    if (last[0] - time > 60) box.points = []; // the clock was put back
    else return;
  }
  box.points.push([time, w, a]);
  while (box.points.length > 2000 || (box.points.length > 2 && box.points[1][0] < time - HOUR)) box.points.shift();
}

// Charts of a transaction: what its meter values tell, one curve for each measurand and phase.

import { el, svg } from "./dom.js";

const WIDTH = 600, HEIGHT = 140, LEFT = 60, TOP = 10, BOTTOM = 24;

// [{name, unit, points: [[ms, value], ...]}] of the meter values of a transaction.
export function curves(transaction) {
  const found = new Map();
  for (const value of transaction.meter_values) {
    for (const sample of value.sampledValue) {
      const unit = sample.unit || sample.unitOfMeasure?.unit || "Wh";
      const scale = 10 ** (sample.unitOfMeasure?.multiplier || 0);
      const name = [sample.measurand || "Energy.Active.Import.Register", sample.phase]
        .filter(Boolean).join(" ");
      const point = [Date.parse(value.timestamp), Number(sample.value) * scale];
      if (!point.every(Number.isFinite)) continue;
      if (!found.has(name)) found.set(name, { name, unit, points: [] });
      found.get(name).points.push(point);
    }
  }
  const all = [...found.values()];
  for (const curve of all) curve.points.sort((a, b) => a[0] - b[0]);
  return all.filter((c) => c.points.length > 1);
}

export function chart(curve) {
  const times = curve.points.map((p) => p[0]);
  const values = curve.points.map((p) => p[1]);
  const from = times[0], span = Math.max(times[times.length - 1] - from, 1);
  const low = Math.min(0, ...values), high = Math.max(...values, low + 1e-9);
  const x = (t) => LEFT + (t - from) / span * (WIDTH - LEFT - 8);
  const y = (v) => TOP + (high - v) / (high - low) * (HEIGHT - TOP - BOTTOM);
  const line = curve.points.map(([t, v]) => x(t).toFixed(1) + "," + y(v).toFixed(1)).join(" ");
  const text = (x, y, anchor, content) => {
    const node = svg("text", { x, y, "text-anchor": anchor });
    node.textContent = content;
    return node;
  };
  const clock = (t) => new Date(t).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const last = values[values.length - 1];
  const title = svg("title", {});
  title.textContent = curve.name + ": " + values.length + " values, last " + last + " " + curve.unit;
  return el("figure", {},
    el("figcaption", { textContent: curve.name + " · last " + number(last) + " " + curve.unit }),
    svg("svg", { viewBox: "0 0 " + WIDTH + " " + HEIGHT, class: "chart", role: "img" }, title,
      svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(low), y2: y(low), class: "axis" }),
      svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y(high), y2: y(high), class: "axis" }),
      svg("polyline", { points: line, class: "curve" }),
      text(LEFT - 6, y(high) + 4, "end", number(high)),
      text(LEFT - 6, y(low) + 4, "end", number(low)),
      text(LEFT, HEIGHT - 6, "start", clock(from)),
      text(WIDTH - 8, HEIGHT - 6, "end", clock(from + span))));
}

const number = (v) => String(Math.round(v * 100) / 100);

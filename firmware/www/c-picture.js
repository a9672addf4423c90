// The picture of a connector: station, contactor, lock, cable, car.
"use strict";

function picture() {
  const parts = {
    led: s("rect", { class: "led", x: 22, y: 30, width: 44, height: 5, rx: 2.5 }),
    screen: s("text", { class: "screen", x: 44, y: 56, "text-anchor": "middle" }),
    blade: s("line", { class: "blade", x1: 36, y1: 92, x2: 36, y2: 76 }),
    contactor: s("text", { class: "note", x: 44, y: 119, "text-anchor": "middle" }),
    shackle: s("path", { class: "shackle", d: "M95 100v-4a5 5 0 0 1 10 0v4" }),
    lock: s("g", { class: "lock" }),
    cable: s("path", { class: "cable", d: "M88 112C120 150 170 150 214 112" }),
    flow: s("path", { class: "flow", d: "M88 112C120 150 170 150 214 112" }),
    pilot: s("text", { class: "pilot", x: 151, y: 127, "text-anchor": "middle" }),
    pilotBox: s("rect", { class: "pilotbox", x: 119, y: 114, width: 64, height: 18, rx: 9 }),
    car: s("g", { class: "car" }),
    soc: s("text", { class: "note", x: 270, y: 113, "text-anchor": "middle" }),
    away: s("text", { class: "away", x: 262, y: 104, "text-anchor": "middle", text: "no car" }),
    title: s("title"),
  };
  parts.lock.append(parts.shackle,
    s("rect", { class: "lockbody", x: 92, y: 99, width: 16, height: 12, rx: 2 }));
  parts.car.append(
    s("path", { class: "body", d: "M210 118v-14c0-6 4-10 10-11l12-2 15-17c2-3 6-4 10-4h32c5 0 9 2 " +
      "12 6l10 14 10 3c5 2 8 6 8 11v14z" }),
    s("path", { class: "glass", d: "M243 89l10-11c1-2 3-2 5-2h10v13zM274 76h15c3 0 5 1 7 3l8 10h-30z" }),
    s("circle", { class: "wheel", cx: 238, cy: 119, r: 10 }),
    s("circle", { class: "wheel", cx: 302, cy: 119, r: 10 }),
    s("circle", { class: "hub", cx: 238, cy: 119, r: 4 }),
    s("circle", { class: "hub", cx: 302, cy: 119, r: 4 }), parts.soc);
  const node = s("svg", { class: "picture", viewBox: "0 0 340 150", role: "img" }, parts.title,
    s("line", { class: "ground", x1: 4, y1: 130, x2: 336, y2: 130 }),
    s("rect", { class: "post", x: 36, y: 124, width: 16, height: 6 }),
    s("rect", { class: "station", x: 12, y: 18, width: 64, height: 108, rx: 10 }),
    parts.led, parts.screen,
    s("line", { class: "wire", x1: 36, y1: 66, x2: 36, y2: 76 }),
    s("line", { class: "wire", x1: 36, y1: 92, x2: 36, y2: 104 }),
    s("circle", { class: "dot", cx: 36, cy: 76, r: 2 }), s("circle", { class: "dot", cx: 36, cy: 92, r: 2 }),
    parts.blade, parts.contactor,
    s("rect", { class: "socket", x: 74, y: 104, width: 14, height: 16, rx: 3 }),
    parts.car, parts.away, parts.cable, parts.flow, parts.pilotBox, parts.pilot, parts.lock);
  node.parts = parts;
  return node;
}

function drawPicture(node, c) {
  const p = node.parts;
  const flows = c.power_w > 0;
  node.classList.toggle("plugged", c.plugged);
  node.classList.toggle("closed", c.relay);
  node.classList.toggle("locked", c.locked);
  node.classList.toggle("flows", flows);
  node.classList.toggle("faulted", c.faults.length > 0);
  p.led.setAttribute("class", "led " + tone(c));
  put(p.screen, flows ? kw(c.power_w) : c.transaction ? "0 W" : "");
  put(p.contactor, c.relay ? "closed" : "open");
  p.blade.setAttribute("x2", c.relay ? 36 : 46);
  p.shackle.setAttribute("d", c.locked ? "M95 100v-4a5 5 0 0 1 10 0v4" : "M95 97v-5a5 5 0 0 1 10 0");
  put(p.pilot, "Pilot " + c.ev);
  put(p.soc, c.sim && c.sim.soc !== null ? c.sim.soc + " %" : "");
  put(p.title, `Connector ${c.id}: ${c.status}, ${c.plugged ? "car connected" : "no car"}, pilot ` +
    `state ${c.ev}, contactor ${c.relay ? "closed" : "open"}, cable ${c.locked ? "locked" : "not locked"}`);
}

// Which colour a status has.
function tone(c) {
  if (c.faults.length || c.status === "Faulted") return "red";
  if (c.status === "Unavailable" || c.availability === "Inoperative") return "grey";
  if (c.power_w > 0 || c.status === "Charging") return "blue";
  if (c.status === "Available") return "green";
  return "amber";
}

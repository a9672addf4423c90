// What is known of the charger, and how news come: one stream of events. When it ends it is opened
// anew, also after the charger was restarted; what is on the page is then marked as old.
"use strict";

const STALE_MS = 6000;
const RETRY_MS = 2000;
const KEPT = 1000; // frames

const live = {
  status: null, // as GET /api/status
  info: null, // as GET /api/console
  frames: [], // the oldest first
  last: 0, // number of the newest frame
  seen: 0, // performance.now() of the last news
  at: null, // the same as a time of this computer
  source: null,
  turn: 0, // number of the try to connect that counts
  dead: false, // the last try failed
  listeners: { status: [], frames: [], info: [] },

  on(kind, fn) {
    this.listeners[kind].push(fn);
  },

  tell(kind) {
    for (const fn of this.listeners[kind]) fn();
  },

  heard() {
    this.seen = performance.now();
    this.at = new Date();
    this.dead = false;
  },

  async connect() {
    const turn = ++this.turn;
    if (document.hidden) return;
    try {
      const info = await api("GET", "console");
      if (this.info && this.info.process !== info.process) this.forget();
      this.info = info;
      this.heard();
      this.tell("info");
      await this.catchUp();
      this.take(await api("GET", "status"));
      if (turn === this.turn) this.listen();
    } catch {
      this.dead = true;
      if (turn === this.turn) this.retry();
    }
  },

  forget() {
    this.frames = [];
    this.last = 0;
    this.tell("frames");
  },

  // Frames from before, a few at a time.
  async catchUp() {
    for (;;) {
      const { messages } = await api("GET", "messages?limit=64&after=" + this.last);
      for (const m of messages) this.frame(m);
      this.tell("frames");
      if (messages.length < 64) return;
    }
  },

  listen() {
    const source = this.source = new EventSource("/api/events?every=2&after=" + this.last);
    source.addEventListener("status", (event) => this.take(JSON.parse(event.data)));
    source.addEventListener("message", (event) => {
      this.frame(JSON.parse(event.data));
      this.heard();
      this.tell("frames");
    });
    source.onerror = () => {
      source.close();
      if (this.source === source) this.retry();
    };
  },

  // Also where there are too many listeners already: then this is what brings news.
  retry() {
    this.source = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), RETRY_MS);
  },

  // A page that nobody sees costs the charger nothing.
  rest(hidden) {
    this.turn += 1;
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
    if (!hidden) this.connect();
  },

  take(status) {
    this.status = status;
    for (const c of status.connectors) c.sim = status.sim && status.sim.evses[c.id - 1];
    this.heard();
    this.tell("status");
  },

  // After an act nobody wants to wait for the next status.
  async soon() {
    try {
      this.take(await api("GET", "status"));
    } catch {
      // the stream will tell
    }
  },

  frame(message) {
    if (message.n <= this.last) return;
    this.last = message.n;
    this.frames.push(message);
    if (this.frames.length > KEPT) this.frames.splice(0, this.frames.length - KEPT);
  },

  get stale() {
    return this.dead || performance.now() - this.seen > STALE_MS;
  },
};

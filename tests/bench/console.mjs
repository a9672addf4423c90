// Heap of the code behind the web console on the wasm32 MicroPython of the npm package, on top of a
// station that has had a session: `node console.mjs BUILT FIRMWARE KNOWN OPEN MORE`. The last three:
// modules of the firmware, with commas between them: those that are there anyway, those that an open
// console needs, those of single requests. All of them are imported, let go, and those of an open
// console imported again: what that costs is code, what the first time leaves are names that the
// station did not know. Prints a line of JSON, in bytes.
import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const [built, firmware, ...lists] = process.argv.slice(2);
const [known, open, more] = lists.map((list) => list.split(","));
// As in heap.mjs: the heap at high addresses
const mp = await loadMicroPython({
    heapsize: 1024 * 1024, pystack: 64 * 1024 * 1024, linebuffer: true, stdout: () => {} });

function copy(from, to) {
    mp.FS.mkdirTree(to);
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
        const [source, target] = [path.join(from, entry.name), `${to}/${entry.name}`];
        if (entry.isDirectory()) copy(source, target);
        else mp.FS.writeFile(target, fs.readFileSync(source));
    }
}

copy(built, "/mpy");
copy(firmware, "/firmware");
mp.runPython("import sys\nsys.path[:] = ['/mpy']\nimport heap");
const heap = mp.globals.get("heap");

// This port collects only as a call from JavaScript begins.
function settled() {
    heap.collect();
    heap.collect();
    return heap.allocated();
}

function load(modules) {
    const before = settled();
    for (const name of modules) heap.load(name);
    return settled() - before;
}

function forget(modules) {
    for (const name of modules) heap.forget(name);
}

heap.prepare();
heap.start();
while (heap.around()) heap.step();
heap.make_link();
for (let i = 0; i < 100; i += 1) heap.step_link();
mp.runPython("sys.path += ['/firmware', '.frozen']");
load(known);
const base = settled();
load([...open, ...more]);
forget([...open, ...more]);
const names = settled() - base;
console.log(JSON.stringify({ code: load(open), names }));

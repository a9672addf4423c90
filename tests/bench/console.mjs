// Heap of the code behind the web console on the wasm32 MicroPython of the npm package:
// `node console.mjs MPY_FOLDER MODULE...`. The modules are imported, let go, and imported again: what
// the second time costs is code, what the first leaves are names. Prints a line of JSON, in bytes.
import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const [folder, ...modules] = process.argv.slice(2);
const mp = await loadMicroPython({ heapsize: 4 * 1024 * 1024 });

function copy(from, to) {
    mp.FS.mkdirTree(to);
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
        const [source, target] = [path.join(from, entry.name), `${to}/${entry.name}`];
        if (entry.isDirectory()) copy(source, target);
        else mp.FS.writeFile(target, fs.readFileSync(source));
    }
}

copy(folder, "/mpy");
mp.runPython(`
import sys, gc, json, array, asyncio, binascii
sys.path[:] = ['/mpy', '.frozen']
import ocpp.log, ocpp.clock
allocated = gc.mem_alloc
`);
const allocated = mp.globals.get("allocated");

// This port collects only as a call from JavaScript begins.
function settled() {
    mp.runPython("gc.collect()");
    mp.runPython("gc.collect()");
    return allocated();
}

function load() {
    const before = settled();
    for (const name of modules) mp.runPython(`import ${name}`);
    return settled() - before;
}

const base = settled();
load();
mp.runPython(`
for name in "${modules.join(" ")}".split():
    del sys.modules[name], globals()[name]
`);
const names = settled() - base;
console.log(JSON.stringify({ code: load(), names }));

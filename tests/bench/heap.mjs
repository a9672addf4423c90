// Runs heap.py on the wasm32 MicroPython of the npm package: `node heap.mjs MPY_FOLDER MODULE...`.
// The modules are imported one after the other first, so that each one's cost is known; order them
// so that each comes after those it imports. Prints one line of JSON with figures in bytes.
import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const [folder, ...modules] = process.argv.slice(2);
const log = [];
const mp = await loadMicroPython({
    heapsize: 4 * 1024 * 1024,
    linebuffer: true,
    stdout: (line) => log.push(line),
});

function copy(from, to) {
    mp.FS.mkdirTree(to);
    for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
        const [source, target] = [path.join(from, entry.name), `${to}/${entry.name}`];
        if (entry.isDirectory()) copy(source, target);
        else mp.FS.writeFile(target, fs.readFileSync(source));
    }
}

copy(folder, "/mpy");
mp.runPython("import sys\nsys.path[:] = ['/mpy']\nimport heap");
const heap = mp.globals.get("heap");
const result = { modules: {} };

function settled() {
    heap.collect();
    return heap.allocated();
}

try {
    heap.prepare();
    settled();
    let before = (result.base = settled());
    for (const name of modules) {
        heap.load(name);
        const now = settled();
        result.modules[name] = now - before;
        before = now;
    }
    heap.start();
    result.made = settled();
    let steps = 0;
    while (heap.around()) {
        heap.collect();
        heap.step();
        steps += 1;
        if (steps === heap.IDLE) result.idle = settled();
    }
    for (let i = 0; i < 100; i += 1) heap.rest();
    result.after = settled();
    result.highest = JSON.parse(heap.figures());
    heap.make_link();
    let open = false;
    result.dial = 0;
    for (let i = 0; i < 100; i += 1) {
        open = heap.step_link();
        if (!open) result.dial = Math.max(result.dial, settled() - result.after);
    }
    if (!open) throw new Error("the link did not open");
    result.link = settled() - result.after;
    const complaints = log.filter((line) => line.startsWith("error"));
    if (complaints.length) throw new Error(complaints[0]);
    console.log(JSON.stringify(result));
} catch (error) {
    console.error(log.join("\n"));
    console.error(String(error.message ?? error));
    process.exitCode = 1;
}

// Runs heap.py on the wasm32 MicroPython of the npm package. Prints one line of JSON in bytes.
// `node heap.mjs MPY_FOLDER`: figures of a station. `node heap.mjs MPY_FOLDER MODULE...`: what each
// module costs, imported one after the other; order them so that each comes after those it imports.
import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const [folder, ...modules] = process.argv.slice(2);
const log = [];
const mp = await loadMicroPython({
    heapsize: 512 * 1024,
    // The heap comes after this stack. At a chip's high addresses few numbers and texts look like
    // pointers to it; at low ones some always do, and keep garbage of 10 kB alive.
    pystack: 64 * 1024 * 1024,
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

function settled() {
    heap.collect();
    return heap.allocated();
}

function costs(result) {
    let before = settled();
    for (const name of modules) {
        heap.load(name);
        const now = settled();
        result[name] = now - before;
        before = now;
    }
}

function figures(result) {
    result.base = settled();
    heap.start();
    let steps = 0;
    while (heap.around()) {
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
}

try {
    const result = {};
    heap.prepare();
    settled();
    if (modules.length) costs(result);
    else figures(result);
    const complaints = log.filter((line) => line.startsWith("error"));
    if (complaints.length) throw new Error(complaints[0]);
    console.log(JSON.stringify(result));
} catch (error) {
    console.error(log.join("\n"));
    console.error(String(error.message ?? error));
    process.exitCode = 1;
}

// cells.js - the document (document.md): its cells, and which of them belong together in a plot.

const run = JSON.parse(document.getElementById("document").textContent);
const meanings = JSON.parse(document.getElementById("meanings").textContent);
const cells = run.cells || [];
const targets = [...new Set(cells.map(cell => cell.target))];
const WORKLOADS = {
    rr: "requests on open connections", crr: "connect, one exchange, close", stream: "bulk data",
    hold: "idle connections", churn: "connections come and go beside held ones",
    bytes: "a number asks for so many bytes (Stevens)", start: "connect, and be told how soon one is served",
    rot13: "requests to rot13 on open connections", "rot13-stream": "bulk data through rot13",
};
const OURS = ["thread", "fork", "inline"];

const others = targets.filter(name => !OURS.includes(name));
const styleOf = name => OURS.includes(name) ? OURS.indexOf(name) : 3 + others.indexOf(name);

function estimateOf(cell, name) {
    const estimate = cell.figures && cell.figures[name];
    return estimate && Number.isFinite(estimate.median) ? estimate : null;
}

// ---- cells that belong together ------------------------------------------------------------

const SHAPE = ["workload", "connections", "held", "size_bytes", "depth", "ballast_bytes",
               "rate_per_second"];

function groupBy(list, fields) {
    const groups = new Map();
    for (const cell of list) {
        const id = JSON.stringify(fields.map(field => cell[field] ?? 0));
        groups.set(id, [...(groups.get(id) || []), cell]);
    }
    return [...groups.values()];
}

const without = field => SHAPE.filter(other => other !== field);
const distinct = (list, field) => [...new Set(list.map(cell => cell[field] ?? 0))].sort((a, b) => a - b);

// Cells that differ in one field only (and in the target), where some target has several values.
function sweeps(field) {
    return groupBy(cells, without(field)).filter(family =>
        groupBy(family, ["target"]).some(list => distinct(list, field).length > 1));
}

// Cells to be shown side by side: of the same shape. Where connections are not swept over, inline
// with its one connection stands beside the others.
function shapes(list) {
    const swept = new Set(sweeps("connections").flat());
    return [...groupBy(list.filter(cell => swept.has(cell)), SHAPE),
            ...groupBy(list.filter(cell => !swept.has(cell)), without("connections"))]
        .sort((a, b) => cells.indexOf(a[0]) - cells.indexOf(b[0]));
}

// Of each sweep the shape with about as many connections as are usual, with the least ballast.
function usualShapes(list) {
    const away = shape => Math.abs(Math.log2((shape[0].connections || 1) / 8));
    return groupBy(list, SHAPE.filter(field => !["connections", "ballast_bytes"].includes(field)))
        .map(family => shapes(family.filter(cell =>
            (cell.ballast_bytes || 0) === distinct(family, "ballast_bytes")[0]))
            .reduce((best, shape) => away(shape) < away(best) ? shape : best));
}

// "crr, 8 connections, 64 B". Depth and ballast only where there is any.
function shapeLabel(shape) {
    const cell = shape[0];
    const most = Math.max(...shape.map(one => one.connections || 0));
    return [cell.workload, most && plural(most, "connection"), cell.held && plural(cell.held, "held"),
            most && cell.size_bytes && formatRound("bytes", cell.size_bytes),
            cell.depth > 1 && `depth ${cell.depth}`,
            cell.ballast_bytes && `${formatRound("bytes", cell.ballast_bytes)} ballast`,
            cell.rate_per_second && `${formatRound("rate", cell.rate_per_second)} offered`]
        .filter(Boolean).join(", ").replace(/helds/, "held");
}

function workloadTitle(cell) {
    const words = WORKLOADS[cell.workload];
    return words ? `${cell.workload}: ${words}` : cell.workload;
}

function nameIn(shape, cell) {
    const several = distinct(shape, "connections").length > 1;
    const most = Math.max(...shape.map(one => one.connections));
    return cell.target + (several && cell.connections < most ? ` (${cell.connections} conn.)` : "");
}

// page.js - which plots a document has, what is said about each, and where all stands on the page.

const PERCENTILES = [[0.5, "p50"], [0.9, "p90"], [0.99, "p99"], [0.999, "p99_9"], [0.9999, "p99_99"]];
const MEMORY = ["pss", "kernel_stack", "page_table", "slab"].map(part => `${part}_bytes_per_connection`);
const CPU = "server_cpu_us_per_operation";
const OWN_SCALE = "Each group has a scale of its own: compare bars within a group only.";

// What a reader hears of a plot.
function summaryOf(title, rows) {
    return `${title}. ${rows.map(([name, words]) => `${name}: ${words}`).join("; ")}.`;
}

const percent = quantile => Number((quantile * 100).toFixed(4));

// ---- lines ---------------------------------------------------------------------------------

// A logarithm has no 0.
const positive = curve => (curve || []).filter(({us}) => us > 0);

function latencySeries(shape, cell, prefix, curve) {
    const last = 1 - 1 / Math.max(2, cell.samples || 0); // where the longest of all is drawn
    return {
        style: styleOf(cell.target), name: nameIn(shape, cell), dashed: prefix === "uncorrected",
        curve: positive(curve).map(({quantile, us}) => [Math.min(quantile, last), us]),
        points: PERCENTILES.map(([x, suffix]) => ({x, estimate: estimateOf(cell, `${prefix}_${suffix}_us`)}))
            .filter(point => point.estimate),
    };
}

function latencySpec(shape) {
    const series = shape.flatMap(cell => [
        latencySeries(shape, cell, "latency", cell.latency),
        latencySeries(shape, cell, "uncorrected", cell.uncorrected_latency),
    ]).filter(one => one.curve.length > 1);
    const last = Math.max(...series.flatMap(one => one.curve.map(([x]) => x)));
    const ticks = [...PERCENTILES, [0.99999], [0.999999]].filter(([x]) => x <= last);
    return {
        series, y: {kind: "time", log: true},
        x: {scale: x => -Math.log10(1 - x), min: 0, max: Math.max(0.99, last),
            title: "share of exchanges that took at most so long",
            ticks: ticks.map(([x]) => [x, `${percent(x)}%`]), heading: x => `${percent(x)} % took at most`},
        summary: summaryOf(`Latency by percentile, ${shapeLabel(shape)}`, series.map(one => [
            one.name + (one.dashed ? ", uncorrected" : ""), one.points.map(({x, estimate}) =>
                `${percent(x)} % ${format("time", estimate.median)}`).join(", ")])),
    };
}

function sweepSpec(family, field, figure, title, tick) {
    const kind = kindOf(figure);
    const series = groupBy(family, ["target"]).map(own => ({
        style: styleOf(own[0].target), name: own[0].target, band: true,
        points: own.map(cell => ({x: cell[field] || 0, estimate: estimateOf(cell, figure)}))
            .filter(point => point.estimate).sort((a, b) => a.x - b.x),
    })).filter(one => one.points.length);
    const values = distinct(series.flatMap(one => one.points), "x");
    return values.length < 2 ? null : {
        series, y: {kind, log: false},
        x: {scale: field === "connections" ? value => Math.log2(Math.max(1, value)) : undefined,
            min: values[0], max: values[values.length - 1], title,
            ticks: values.map(value => [value, tick(value)]), heading: value => `${title}: ${tick(value)}`},
        summary: summaryOf(`${labelOf(figure)} over ${title}`, series.map(one => [
            one.name, one.points.map(({x, estimate}) =>
                `${tick(x)} ${format(kind, estimate.median)}`).join(", ")])),
    };
}

// ---- bars ----------------------------------------------------------------------------------

// more: parts, extra, and other figures that are shown where one points.
function bar(shape, cell, figure, more = {}) {
    const estimate = estimateOf(cell, figure);
    return {
        style: styleOf(cell.target), name: nameIn(shape, cell), estimate,
        parts: estimate ? [[estimate.median, 0]] : [], ...more,
        rows: [figure, ...(more.figures || [])].filter(name => estimateOf(cell, name)).map(name =>
            ({name: labelOf(name), text: formatEstimate(kindOf(name), estimateOf(cell, name))})),
    };
}

function barGroup(shape, figure, title = shapeLabel(shape), make = bar) {
    return {title, kind: kindOf(figure), bars: shape.map(cell => make(shape, cell, figure))};
}

// The clock ticks tell the split, an exact clock the sum: the split's shares of the sum are shown.
// Of child processes there is no split.
function cpuBar(shape, cell, figure) {
    const median = name => estimateOf(cell, name)?.median;
    const names = ["server_user_us_per_operation", "server_system_us_per_operation"];
    const [total, user, system] = [figure, ...names].map(median);
    const share = user / (user + system);
    return bar(shape, cell, figure, {
        ...(total !== undefined && {parts: share >= 0 && share <= 1
            ? [[total * share, 0], [total * (1 - share), 2]] : [[total, 1]]}),
        figures: [...names, "server_cpu_above_inline_us_per_operation", "server_cores"],
    });
}

// The sum where the document has it; else not all parts are known, and PSS is what can be compared.
function memoryBar(shape, cell, whole) {
    const figure = estimateOf(cell, whole) ? whole : MEMORY[0];
    return bar(shape, cell, figure, {
        parts: MEMORY.map((name, i) => [Math.max(0, estimateOf(cell, name)?.median ?? 0), i]),
        figures: MEMORY.filter(name => name !== figure), extra: figure === whole ? "" : " PSS",
    });
}

// ---- figures with their captions -----------------------------------------------------------

function figureOf(title, subtitle, frame, caption, legend) {
    return html("figure", {}, html("h3", {}, title),
                subtitle && html(subtitle.nodeType ? "div" : "p", {class: "shape"}, subtitle),
                legend, frame, html("figcaption", {}, caption));
}

function barFigure(title, groups, caption, legend) {
    const kept = groups.filter(group => group.bars.some(one => one.estimate));
    const rows = kept.flatMap(group => group.bars.filter(one => one.estimate).map(one =>
        [`${group.title}, ${one.name}`, format(group.kind, one.estimate.median)]));
    return kept.length === 0 ? null : figureOf(title, null, plotFrame(barPlot,
        {groups: kept, summary: summaryOf(title, rows)}), caption, legend);
}

function shadeLegend(...names) {
    return html("p", {class: "shades"}, names.map(([name, shade]) => html("span", {},
        svg("svg", {class: "key", width: 14, height: 14, "aria-hidden": "true"},
            svg("rect", {class: `bar shade${shade}`, y: 1, width: 12, height: 12})), name)));
}

// One shape at a time; where there are several, the reader chooses.
function latencyFigure(title, all, first, caption) {
    const frame = plotFrame(linePlot, latencySpec(first));
    if (all.length === 1) return figureOf(title, shapeLabel(first), frame, caption);
    const choice = html("select", {"aria-label": "which measurement"},
        all.map((shape, i) => html("option", {value: i}, shapeLabel(shape))));
    choice.value = String(all.indexOf(first));
    choice.addEventListener("change", () => frame.redraw(latencySpec(all[choice.value])));
    return figureOf(title, choice, frame, caption);
}

const isBulk = cell => ["stream", "rot13-stream"].includes(cell.workload);

function latencyFigures() {
    const timed = cells.filter(cell => !isBulk(cell) && positive(cell.latency).length > 1);
    return groupBy(timed, ["workload", "rate_per_second"]).map(own => {
        const all = shapes(own);
        const usual = usualShapes(own)[0][0];
        const open = own[0].rate_per_second;
        return latencyFigure(workloadTitle(own[0]) + (open ? ", at a fixed rate" : ""), all,
            all.find(shape => shape.includes(usual)), open
            ? "Solid: from when an exchange was due. Dashed: from when it was really begun, which leaves " +
              "out the wait behind a slow one; it is here to show the difference, not to be quoted."
            : "Further right are rarer, slower exchanges; a line ends at the slowest. Clients waited for " +
              "each answer here: no forecast for a load that does not wait.");
    });
}

function sweepFigures(field, figure, title, axisTitle, caption) {
    const tick = value =>
        field === "ballast_bytes" ? formatRound("bytes", value) : value.toLocaleString("en");
    return sweeps(field).map(family => {
        const spec = sweepSpec(family, field, figure, axisTitle, tick);
        const [first] = family;
        const label = shapeLabel([{...first, [field]: 0}]).replace(first.workload, workloadTitle(first));
        return spec && figureOf(title, label, plotFrame(linePlot, spec), caption);
    });
}

// Without those that only hold connections, or ask when they were served.
const busyCells = () => cells.filter(cell => !["hold", "start"].includes(cell.workload));

function throughput() {
    const swept = new Set(sweeps("connections").flat());
    const fixed = usualShapes(busyCells().filter(cell => !cell.rate_per_second))
        .filter(shape => !swept.has(shape[0]));
    return [
        ...sweepFigures("connections", "operations_per_second", "Exchanges a second", "connections",
            "Higher is better; the band is the interval. Server and clients share this machine's CPUs: " +
            "no figure for a server of its own."),
        ...sweepFigures("held", "operations_per_second", "Exchanges a second beside idle connections",
            "connections held idle",
            "Higher is better; the band is the interval. The held connections are open and silent: what " +
            "changes is what a server does for them all the same."),
        barFigure("Throughput", fixed.map(shape => barGroup(shape, isBulk(shape[0])
            ? "megabytes_per_second" : "operations_per_second")),
            `Longer is better. ${OWN_SCALE} Clients and server share the CPUs: no figure for a server of ` +
            "its own.")];
}

function processorTime() {
    const busy = usualShapes(busyCells());
    const workers = busy.map(shape => shape.filter(cell => cell.target !== "inline"));
    return [
        barFigure("CPU of the server per operation",
            busy.map(shape => barGroup(shape, CPU, shapeLabel(shape), cpuBar)),
            `Shorter is better. ${OWN_SCALE} The sum is exact, the split comes from clock ticks and is ` +
            "coarse: do not quote it alone; of child processes there is none.",
            shadeLegend(["user", 0], ["system", 2], ["not told apart", 1])),
        barFigure("Above mode inline",
            workers.filter(shape => shape.length)
                .map(shape => barGroup(shape, "server_cpu_above_inline_us_per_operation")),
            "What a worker adds to serving alone, round by round, as Stevens told it; below 0 it saves. " +
            `${OWN_SCALE} Not for servers whose handler does other work.`),
        ...sweepFigures("connections", CPU, "CPU per operation over connections", "connections",
            "Lower is better; the band is the interval. It is the server's own CPU time, and says " +
            "nothing about waiting.")];
}

function largerParent() {
    return sweepFigures("ballast_bytes", CPU, "Cost over the parent's memory",
        "memory of the server (ballast)",
        "Lower is better. fork copies the parent's page tables, so its line climbs; a thread's does not. " +
        "The ballast is private, written memory: do not expect so much of shared or untouched memory.");
}

function memory() {
    const whole = "memory_bytes_per_connection";
    const held = cells.filter(cell => estimateOf(cell, MEMORY[0]) || estimateOf(cell, whole));
    return barFigure("Memory per held connection",
        usualShapes(held).map(shape => barGroup(shape, whole, shapeLabel(shape), memoryBar)),
        "Shorter is better. PSS is the server's own memory, shared pages divided among those who share " +
        "them; the rest is what the kernel needs. For idle connections: one that is served may need more.",
        shadeLegend(["PSS", 0], ["kernel stacks", 1], ["page tables", 2], ["slab", 3]));
}

function starts() {
    const told = usualShapes(cells.filter(cell => estimateOf(cell, "start_p50_us")));
    return barFigure("From accept to the handler's first instruction", told.flatMap(shape => [
        barGroup(shape, "start_p50_us", `${shapeLabel(shape)}: half within`),
        barGroup(shape, "start_p99_us", `${shapeLabel(shape)}: 99 % within`)]),
        `Shorter is better. ${OWN_SCALE} It is the wait for a worker only: the connection itself was ` +
        "made before.");
}

// ---- the page ------------------------------------------------------------------------------

function legend() {
    return targets.length === 0 ? null : html("ul", {class: "legend", "aria-label": "Servers"},
        targets.map(name => html("li", {title: name}, key(styleOf(name)), html("span", {}, name))));
}

function report() {
    return [
        legend(), section("Latency", latencyFigures()), section("Throughput", throughput()),
        section("Processor time", processorTime()), section("A larger parent", largerParent()),
        section("Memory and start", [memory(), starts()]), stevens(),
        section("How to take this", [notes(), gaps(), workloads(), method(), settings(), machine()]),
        allFigures(),
    ].filter(Boolean);
}

// Ratios in the findings stand out.
function emphasize(item) {
    const pieces = item.textContent.split(/(\d[\d.]*(?:x|×| times)(?!\w))/);
    item.replaceChildren(...pieces.map((piece, i) => i % 2 ? html("strong", {}, piece) : piece));
}

// Light or dark as the reader's system has it, until the button or #dark, #light says otherwise.
function theme() {
    const button = document.getElementById("theme");
    const wanted = matchMedia("(prefers-color-scheme: dark)");
    const set = dark => {
        document.getElementById("dark").media = dark ? "screen" : "not all";
        button.textContent = dark ? "Light" : "Dark";
        button.onclick = () => set(!dark);
    };
    wanted.addEventListener("change", () => set(wanted.matches));
    set(location.hash ? location.hash === "#dark" : wanted.matches);
    button.hidden = false;
}

// On paper all is open, and plots are drawn for half of its width.
function printing() {
    const redraw = width => document.querySelectorAll(".plot").forEach(
        frame => frame.redraw(undefined, width));
    let opened = [];
    addEventListener("beforeprint", () => {
        opened = [...document.querySelectorAll("details:not([open])")];
        opened.forEach(one => one.open = true);
        redraw(400);
    });
    addEventListener("afterprint", () => {
        opened.forEach(one => one.open = false);
        redraw(0);
    });
}

function main() {
    theme();
    printing();
    document.querySelectorAll(".findings li").forEach(emphasize);
    document.getElementById("report").append(...report());
    document.querySelectorAll(".plot").forEach(frame => frame.redraw());
}

main();

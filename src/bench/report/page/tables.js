// tables.js - what is not a plot: all figures, ratios, Stevens' rows, notes, settings.

function details(title, ...children) {
    return html("details", {}, html("summary", {}, title), children);
}

// Nothing where all of its children are nothing.
function section(title, children) {
    return children.some(Boolean)
        ? html("section", {}, html("h2", {}, title), html("div", {class: "grid"}, children)) : null;
}

function block(title, ...children) {
    return html("div", {}, html("h3", {}, title), children);
}

function table(head, rows, attributes) {
    const rowOf = values => html("tr", {}, values.map((value, i) =>
        i ? html("td", {}, value) : html("th", {scope: "row"}, value)));
    return html("div", {class: "scroll"}, html("table", attributes,
        html("thead", {}, html("tr", {}, head.map(name => html("th", {scope: "col"}, name)))),
        html("tbody", {}, rows.map(rowOf))));
}

// What a table's cell shows of an estimate.
function shown(kind, estimate) {
    return estimate && Number.isFinite(estimate.median)
        ? [format(kind, estimate.median), html("small", {}, formatInterval(kind, estimate))]
        : html("span", {class: "missing"}, "–");
}

// All pairs of a name and a value; those without a value are left out.
function list(pairs) {
    return html("dl", {}, pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
        .map(([name, value]) => [html("dt", {}, name), html("dd", {}, String(value))]));
}

function shapeTable(shape) {
    const names = [...new Set(shape.flatMap(cell => Object.keys(cell.figures || {})))];
    const head = shape.map(cell => [key(styleOf(cell.target)), " ", nameIn(shape, cell)]);
    const rows = names.map(name => [
        html("span", {title: meanings[name] || name}, labelOf(name)),
        ...shape.map(cell => shown(kindOf(name), estimateOf(cell, name)))]);
    return details(shapeLabel(shape), table(["", ...head], rows, {class: "figures"}));
}

function glossary() {
    const names = Object.keys(meanings).filter(name => cells.some(cell => estimateOf(cell, name)));
    return names.length
        ? details("What the figures mean", list(names.map(name => [labelOf(name), meanings[name]]))) : null;
}

// A row for each measurement and figure, a column for each pair of servers.
function ratioTable() {
    const ratios = run.ratios || [];
    const pairOf = ratio => `${ratio.numerator} : ${ratio.denominator}`;
    const pairs = [...new Set(ratios.map(pairOf))];
    const rows = groupBy(ratios, SHAPE).flatMap(shape => groupBy(shape, ["figure"]).map((same, i) => [
        i ? "" : shapeLabel(shape), labelOf(same[0].figure),
        ...pairs.map(pair => shown("ratio", same.find(ratio => pairOf(ratio) === pair)))]));
    return rows.length
        ? details("Ratios, round by round", table(["", "Figure", ...pairs], rows, {class: "ratios"})) : null;
}

function allFigures() {
    const tables = [glossary(), ratioTable(), ...shapes(cells).map(shapeTable)].filter(Boolean);
    return section("All figures", [tables.length ? html("div", {class: "wide"}, tables) : null]);
}

function stevens() {
    if (!run.stevens) return null;
    const {rows, differences, clients, connections_each: each, reply_bytes: reply} = run.stevens;
    return section("The rows of Figure 30.1", [html("div", {class: "wide"},
        html("p", {}, "With the client of Unix Network Programming: children in all, ",
             `${clients}; connections of each, ${each}; bytes of a reply, ${reply}.`),
        table(["Row", "Server", "Here", "CPU time", "For process control"], rows.map(row => [
            String(row.row ?? "–"), row.server, [key(styleOf(row.target)), " ", row.target],
            shown("seconds", row.cpu_s), shown("seconds", row.process_control_cpu_s)])),
        html("p", {}, "Not as in the book:"),
        html("ul", {}, (differences || []).map(words => html("li", {}, words))))]);
}

function failedRounds(cell) {
    const because = cell.first_failure ? `: ${cell.first_failure}` : "";
    return cell.failed_rounds ? [`${cell.failed_rounds} of ${cell.rounds} rounds failed${because}`] : [];
}

// The same note of several cells stands once.
function notes() {
    const all = groupBy(cells.flatMap(cell =>
        [...(cell.notes || []), ...failedRounds(cell)].map(note => ({note, cell}))), ["note"]);
    const whose = same => same.map(({cell}) => `${cell.target}, ${shapeLabel([cell])}`).join("; ");
    return all.length ? block("Notes", html("ul", {}, all.map(same =>
        html("li", {}, html("b", {}, whose(same)), ` – ${same[0].note}`)))) : null;
}

// A reason stands once, behind all figures and servers that it is for.
function gaps() {
    const all = groupBy(run.not_measured || [], ["why"]);
    const what = gap => labelOf(gap.figure) + (gap.target ? ` of ${gap.target}` : "");
    return all.length ? block("Not measured here", html("ul", {}, all.map(own =>
        html("li", {}, html("b", {}, own.map(what).join(", ")), ` – ${own[0].why}`)))) : null;
}

function workloads() {
    const names = [...new Set(cells.map(cell => cell.workload))].filter(name => WORKLOADS[name]);
    return names.length ? block("Workloads", list(names.map(name => [name, WORKLOADS[name]]))) : null;
}

// As one would type it.
function commandLine() {
    return (run.command || []).map(word => /^[\w@%+=:,./-]+$/.test(word)
        ? word : `'${word.replace(/'/g, "'\\''")}'`).join(" ");
}

function settings() {
    const {rounds, warmup_s: warmup, window_s: window, load_threads: threads} = run.settings || {};
    const commandOf = name => cells.find(cell => cell.target === name).target_command;
    return block("Settings", html("pre", {}, commandLine()), list([
        ["rounds", rounds], ["window", window && format("seconds", window)],
        ["warm-up", warmup && format("seconds", warmup)], ["threads of the load", threads],
        ["whole run", run.seconds && `${Math.round(run.seconds)} s`],
        ...others.map(name => [name, commandOf(name)])]));
}

function machine() {
    const about = run.machine || {};
    return block("Machine", list([
        ["processor", about.cpu], ["CPUs", about.cpus],
        ["memory", about.memory_bytes && format("bytes", about.memory_bytes)],
        ["kernel", about.kernel], ["C library", about.libc], ["CPU governor", about.cpu_governor],
        ["address randomization", about.address_randomization],
        ["open files", about.open_files_limit], ["load before the run", about.load_average]]));
}

function method() {
    const coverage = cells.flatMap(cell => Object.values(cell.figures || {}))
        .map(estimate => estimate && estimate.coverage).filter(Number.isFinite);
    const sure = coverage.length
        ? `, with a probability of ${Math.floor(Math.min(...coverage) * 100)} % or more` : "";
    return block("How the figures were obtained", [
        "The servers took turns, round by round, so that a machine that drifts harms none. Each round " +
        "starts a server, warms it up, and measures one window.",
        "A figure is the median of the rounds. Its interval lies between two of the rounds and contains " +
        `the true median${sure}; nothing is assumed about how figures are distributed. Where two ` +
        "intervals overlap, take the two for equal.",
        "Ratios are taken within a round, then their median. CPU time is the kernel's, of the server " +
        "and its children. Every reply was checked, byte by byte.",
        "Clients and servers ran on this one machine, over loopback. Compare columns; do not take a " +
        "figure elsewhere.",
    ].map(words => html("p", {}, words)));
}

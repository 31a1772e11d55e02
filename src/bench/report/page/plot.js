// plot.js - draws lines and bars as SVG and shows values where one points. Knows nothing of the
// document: what a plot holds stands in its spec.
//
// A row of a spec is {style, name, …}: style is the number of a target's colour and mark, the same
// in all plots. An estimate is {median, low, high}.

const SVG = "http://www.w3.org/2000/svg";
const MARKS = [
    "M-1 0A1 1 0 1 1 1 0A1 1 0 1 1-1 0Z", "M-.9-.9H.9V.9H-.9Z", "M0-1.2 1.1.8H-1.1Z",
    "M0-1.3 1.1 0 0 1.3-1.1 0Z", "M0 1.2 1.1-.8H-1.1Z",
    "M-.4-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z",
    "M-1.1-.6-.6-1.1 0-.5.6-1.1 1.1-.6.5 0 1.1.6.6 1.1 0 .5-.6 1.1-1.1.6-.5 0Z",
    "M-1-1H1L-1 1H1Z",
];
const COLOURS = 8;
const LETTER = 6.6; // width of one at the plots' font size, roughly; of a bold one:
const BOLD = 7.3;

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {}))
        if (value !== undefined && value !== null) node.setAttribute(name, value);
    node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
    return node;
}

function html(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

// The colours and marks 0 to 2 are those of our modes; what follows goes round all the others.
function colourOf(style) {
    return "c" + (style < 3 ? style : 3 + (style - 3) % (COLOURS - 3));
}

function mark(style, x, y, size = 4.5) {
    const shape = MARKS[style < 3 ? style : 3 + (style - 3) % (MARKS.length - 3)];
    return svg("path", {d: shape, class: `mark ${colourOf(style)}`,
                        transform: `translate(${x} ${y}) scale(${size})`});
}

function key(style) {
    return svg("svg", {class: "key", width: 14, height: 14, "aria-hidden": "true"},
               mark(style, 7, 7, 5));
}

function text(x, y, content, attributes) {
    return svg("text", {x, y, ...attributes}, content);
}

function shorten(name, length) {
    return name.length > length ? name.slice(0, length - 1) + "…" : name;
}

// A function from values to pixels; of maps the values before (Math.log10).
function axis(min, max, from, to, of = value => value) {
    const span = of(max) - of(min) || 1;
    return value => from + (of(value) - of(min)) / span * (to - from);
}

// Round numbers from 0 up to max and one beyond.
function linearTicks(max, count = 5) {
    const rough = max / count || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= rough * 0.999);
    const ticks = [0];
    while (ticks[ticks.length - 1] < max * 0.999) ticks.push(ticks.length * step);
    return ticks;
}

function logTicks(min, max) {
    const factors = max / min > 300 ? [1] : [1, 2, 5];
    const ticks = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++)
        ticks.push(...factors.map(factor => factor * 10 ** power));
    const first = ticks.filter(tick => tick <= min * 1.001).length - 1;
    const last = ticks.findIndex(tick => tick >= max * 0.999);
    return ticks.slice(Math.max(0, first), last < 0 ? undefined : last + 1);
}

function path(points) {
    return points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

function whisker(x1, y1, x2, y2, style) {
    const [dx, dy] = x1 === x2 ? [3, 0] : [0, 3];
    return svg("path", {class: `whisker ${style === undefined ? "" : colourOf(style)}`,
                        d: `M${x1} ${y1}L${x2} ${y2}M${x1 - dx} ${y1 - dy}l${2 * dx} ${2 * dy}` +
                           `M${x2 - dx} ${y2 - dy}l${2 * dx} ${2 * dy}`});
}

// ---- lines ---------------------------------------------------------------------------------

// Names at the ends of the lines, moved apart where they would lie on each other. A line that ends
// further left has none: it could be taken for another's.
function endLabels(series, x, bottom) {
    const labels = series.filter(one => !one.dashed && one.end[0] > x * 0.6)
        .sort((a, b) => a.end[1] - b.end[1]).map(one => ({one, y: one.end[1]}));
    labels.forEach((label, i) => {
        if (i > 0) label.y = Math.max(label.y, labels[i - 1].y + 15);
    });
    for (let i = labels.length - 1, limit = bottom; i >= 0; i--, limit = labels[i + 1].y - 15)
        labels[i].y = Math.min(labels[i].y, limit);
    return labels.map(({one, y}) => text(x, y + 4, shorten(one.name, 16),
                                         {class: `name ${colourOf(one.style)}`}));
}

function drawAxes(root, spec, box, x, y) {
    for (const tick of spec.y.ticks)
        root.append(svg("path", {class: "rule", d: `M${box.left} ${y(tick)}H${box.right}`}),
                    text(box.left - 8, y(tick) + 4, formatRound(spec.y.kind, tick), {class: "end"}));
    let free = -Infinity;
    for (const [value, label] of spec.x.ticks) {
        const half = label.length * LETTER / 2 + 6;
        if (x(value) - half < free) continue;
        free = x(value) + half;
        root.append(svg("path", {class: "rule", d: `M${x(value)} ${box.bottom}v5`}),
                    text(x(value), box.bottom + 19, label, {class: "middle"}));
    }
    root.append(text((box.left + box.right) / 2, box.bottom + 38, spec.x.title,
                     {class: "middle title"}));
}

function drawSeries(root, one, x, y, low) {
    const floor = value => Math.max(value, low); // a logarithm has no 0
    const spread = one.points.filter(point => hasInterval(point.estimate));
    if (one.band && spread.length > 1) {
        const side = name => spread.map(point => [x(point.x), y(floor(point.estimate[name]))]);
        root.append(svg("path", {class: `band ${colourOf(one.style)}`,
                                 d: path([...side("low"), ...side("high").reverse()]) + "Z"}));
    }
    const line = (one.curve || one.points.map(point => [point.x, point.estimate.median]))
        .map(([at, value]) => [x(at), y(floor(value))]);
    one.end = line[line.length - 1];
    root.append(svg("path", {class: `line ${colourOf(one.style)}${one.dashed ? " dashed" : ""}`,
                             d: path(line)}));
    for (const {estimate, x: at} of spread)
        root.append(whisker(x(at), y(floor(estimate.low)), x(at), y(floor(estimate.high)),
                            one.style));
    if (!one.dashed)
        one.points.forEach(point => root.append(
            mark(one.style, x(point.x), y(floor(point.estimate.median)))));
}

// What is shown beside each place on the x axis at which any line has a point.
function pointedColumns(spec, x) {
    const columns = new Map();
    for (const one of spec.series)
        for (const point of one.points) {
            const column = columns.get(point.x) ||
                {x: x(point.x), title: spec.x.heading(point.x), rows: []};
            columns.set(point.x, column);
            column.rows.push({style: one.style, name: one.name + (one.dashed ? ", uncorrected" : ""),
                              text: formatEstimate(spec.y.kind, point.estimate)});
        }
    return [...columns.values()].sort((a, b) => a.x - b.x);
}

// spec: summary; x {scale, min, max, ticks [[value, label]], title, heading(value)}; y {kind, log};
// series [{style, name, points [{x, estimate}], curve [[x, value]], band, dashed}].
function linePlot(spec, width) {
    const values = spec.series.flatMap(one => [
        ...one.points.flatMap(({estimate}) => hasInterval(estimate)
            ? [estimate.low, estimate.median, estimate.high] : [estimate.median]),
        ...(one.curve || []).map(([, value]) => value)]).filter(value => !spec.y.log || value > 0);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    spec.y.ticks = spec.y.log ? logTicks(low, high) : linearTicks(high);
    const names = Math.max(...spec.series.map(one => Math.min(one.name.length, 16)));
    const height = Math.round(Math.min(340, Math.max(270, width * 0.6)));
    const box = {left: 62, right: width - names * BOLD - 18, top: 12, bottom: height - 46};
    const x = axis(spec.x.min, spec.x.max, box.left + 8, box.right, spec.x.scale);
    const y = axis(spec.y.ticks[0], spec.y.ticks[spec.y.ticks.length - 1], box.bottom, box.top,
                   spec.y.log ? Math.log10 : undefined);
    const root = svg("svg", {viewBox: `0 0 ${width} ${height}`});
    drawAxes(root, spec, box, x, y);
    spec.series.forEach(one => drawSeries(root, one, x, y, spec.y.ticks[0]));
    root.append(...endLabels(spec.series, box.right + 12, box.bottom));
    return {root, places: pointedColumns(spec, x), along: "x", box};
}

// ---- bars ----------------------------------------------------------------------------------

// One bar of parts, each [value, shade], its whisker and its value behind both.
function drawBar(root, bar, y, x, kind) {
    const {estimate} = bar;
    let from = 0;
    for (const [value, shade] of bar.parts) {
        const sides = [x(from), x(from += value)];
        root.append(svg("rect", {class: `bar shade${shade} ${colourOf(bar.style)}`, y: y - 7,
                                 x: Math.min(...sides), height: 14,
                                 width: Math.abs(sides[1] - sides[0])}));
    }
    let end = Math.max(x(0), x(from), x(estimate.median));
    if (hasInterval(estimate)) {
        const [low, high] = [x(estimate.low), x(estimate.high)];
        end = Math.max(end, high);
        root.append(svg("path", {class: "halo", d: `M${low} ${y}H${high}`}),
                    whisker(low, y, high, y));
    }
    root.append(text(end + 8, y + 4, format(kind, estimate.median) + (bar.extra || ""),
                     {class: "value"}));
}

// From the smallest to the largest of what a group's bars show; 0 is always among it.
function groupAxis(group, left, right) {
    const shown = group.bars.filter(bar => bar.estimate).flatMap(({estimate, parts}) => [
        estimate.median, estimate.low || 0, estimate.high || 0,
        parts.reduce((sum, [value]) => sum + value, 0)]);
    return axis(Math.min(0, ...shown), Math.max(0, ...shown), left, right);
}

// spec: summary; groups [{title, kind, bars [{style, name, estimate, parts, extra, rows}]}]; each
// group has a scale of its own. A bar without an estimate says so.
function barPlot(spec, width) {
    const bars = spec.groups.flatMap(group => group.bars);
    const letters = Math.min(Math.max(...bars.map(bar => bar.name.length)), width < 460 ? 16 : 24);
    const extra = Math.max(...bars.map(bar => (bar.extra || "").length));
    const left = letters * BOLD + 32;
    const right = width - 72 - extra * LETTER;
    const root = svg("svg", {});
    const places = [];
    let y = 0;
    for (const group of spec.groups) {
        const x = groupAxis(group, left, right);
        root.append(text(0, y += 20, group.title, {class: "heading"}));
        for (const bar of group.bars) {
            y += 25;
            root.append(mark(bar.style, 7, y - 5),
                        text(20, y - 1, shorten(bar.name, letters), {class: "name"}));
            if (!bar.estimate) {
                root.append(text(left, y - 1, "not measured", {class: "missing"}));
                continue;
            }
            drawBar(root, bar, y - 5, x, group.kind);
            places.push({y: y - 5, title: `${bar.name}: ${group.title}`, rows: bar.rows});
        }
        root.append(svg("path", {class: "base", d: `M${x(0)} ${y + 5}v${-25 * group.bars.length + 3}`}));
        y += 18;
    }
    root.setAttribute("viewBox", `0 0 ${width} ${y}`);
    return {root, places, along: "y", box: {left: 0, right: width, top: 0, bottom: y}};
}

// ---- on the page ---------------------------------------------------------------------------

function fillTip(tip, place) {
    tip.replaceChildren(html("strong", {}, place.title), html("table", {}, place.rows.map(row =>
        html("tr", {}, html("td", {}, row.style === undefined ? "" : key(row.style)),
             html("td", {}, row.name), html("td", {}, row.text)))));
}

// Beside the place, inside of the plot's frame.
function showPlace(frame, plot, index) {
    const place = plot.places[index];
    const {box, root} = plot;
    const tip = frame.querySelector(".tip");
    const scale = root.getBoundingClientRect().width / root.viewBox.baseVal.width || 1;
    root.querySelector(".pointed")?.remove();
    root.prepend(plot.along === "x"
        ? svg("path", {class: "pointed", d: `M${place.x} ${box.top}V${box.bottom}`})
        : svg("rect", {class: "pointed", x: 0, y: place.y - 12, width: box.right, height: 24}));
    fillTip(tip, place);
    tip.hidden = false;
    const room = frame.clientWidth - tip.offsetWidth;
    const [right, left] = [place.x * scale + 14, place.x * scale - tip.offsetWidth - 14];
    const x = plot.along === "y" ? room : right > room ? left : right;
    tip.style.left = `${Math.max(0, x)}px`;
    const below = frame.clientWidth < 520 ? box.bottom * scale + 46 : box.top; // of a narrow plot
    tip.style.top = `${plot.along === "x" ? below : place.y * scale + 14}px`;
    plot.shown = index;
}

function hidePlace(frame, plot) {
    frame.querySelector(".tip").hidden = true;
    plot.root.querySelector(".pointed")?.remove();
    plot.shown = undefined;
}

function nearest(plot, event) {
    const area = plot.root.getBoundingClientRect();
    const scale = plot.root.viewBox.baseVal.width / area.width;
    const at = plot.along === "x" ? (event.clientX - area.left) * scale
                                  : (event.clientY - area.top) * scale;
    const away = place => Math.abs(place[plot.along] - at);
    return plot.places.reduce((best, place, i) => away(place) < away(plot.places[best]) ? i : best, 0);
}

// By mouse, by touch, and with the arrow keys.
function listen(frame, plot) {
    const {root, places} = plot;
    if (!places.length) return;
    const point = event => showPlace(frame, plot, nearest(plot, event));
    const hide = () => hidePlace(frame, plot);
    root.addEventListener("pointermove", point);
    root.addEventListener("pointerdown", point);
    root.addEventListener("pointerleave", event => event.pointerType === "mouse" && hide());
    root.addEventListener("blur", hide);
    root.addEventListener("keydown", event => {
        const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
        if (event.key === "Escape") hide();
        if (!step) return;
        event.preventDefault();
        const next = plot.shown === undefined ? 0 : plot.shown + step;
        showPlace(frame, plot, Math.min(places.length - 1, Math.max(0, next)));
    });
}

// A frame in which draw(spec, width) stands, drawn again whenever its width changes; for paper with a
// width that is given.
function plotFrame(draw, spec) {
    const frame = html("div", {class: "plot"}, html("div", {class: "tip", hidden: "", role: "status"}));
    let drawn = 0;
    frame.redraw = (next = spec, given = 0) => {
        const width = given || Math.max(280, Math.round(frame.clientWidth) || 520);
        if (next === spec && width === drawn) return;
        [spec, drawn] = [next, width];
        const plot = draw(spec, width);
        fill(plot.root, {role: "img", "aria-label": spec.summary, tabindex: 0}, []);
        frame.querySelector("svg[role=img]")?.remove();
        frame.prepend(plot.root);
        hidePlace(frame, plot);
        listen(frame, plot);
    };
    new ResizeObserver(() => frame.redraw()).observe(frame);
    return frame;
}

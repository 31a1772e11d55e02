// numbers.js - a figure as people read it: three significant digits, a unit that suits its size.
// The unit is told by the last words of the figure's name (document.md). Knows nothing of the page.

const SCALES = {
    time: [[1e6, "s"], [1e3, "ms"], [1, "µs"]],
    rate: [[1e6, "M/s"], [1e3, "k/s"], [1, "/s"]],
    megabytes: [[1e3, "GB/s"], [1, "MB/s"]],
    bytes: [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]],
    share: [[0.01, "%"]],
    cores: [[1, "cores"]],
    seconds: [[1, "s"], [1e-3, "ms"]],
    ratio: [[1, "×"]],
    count: [[1, ""]],
};

function kindOf(name) {
    const rules = [
        [/_us(_per_operation)?$/, "time"], [/^operations_per_second$/, "rate"],
        [/^megabytes_per_second$/, "megabytes"], [/_bytes/, "bytes"], [/_share$/, "share"],
        [/_cores$/, "cores"], [/_s$/, "seconds"],
        [/^ratio$/, "ratio"],
    ];
    const rule = rules.find(([pattern]) => pattern.test(name));
    return rule ? rule[1] : "count";
}

// "latency_p99_9_us" as "latency p99.9".
function labelOf(name) {
    return name.replace(/_(us|bytes)(?=_|$)/, "").replace(/p(\d+)_(\d+)/, "p$1.$2")
        .replace(/_/g, " ").replace(/\b(cpu|pss)\b/g, word => word.toUpperCase());
}

function scaleFor(kind, value) {
    const scales = SCALES[kind];
    // 999.9 would be shown as 1000 of the smaller unit.
    return scales.find(([factor]) => Math.abs(value) >= factor * 0.9995) || scales[scales.length - 1];
}

function digits(value) {
    const size = Math.abs(value);
    if (size === 0) return "0";
    if (size >= 1e6 || size < 0.001) return value.toExponential(1).replace("-", "−");
    const decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.1 ? 2 : 3;
    const text = value.toFixed(decimals).replace("-", "−");
    return size >= 1e4 ? text.replace(/\B(?=(\d{3})+$)/g, "\u202f") : text;
}

function withUnit(text, unit) {
    return unit === "×" || unit === "" ? text + unit : text + "\u00a0" + unit;
}

function format(kind, value, scale = scaleFor(kind, value)) {
    return withUnit(digits(value / scale[0]), scale[1]);
}

// For ticks: 20 k/s and not 20.0 k/s; 4,000 B and not 3.91 KiB.
function formatRound(kind, value) {
    if (value === 0) return "0";
    if (kind === "bytes" && value % 1024) return withUnit(value.toLocaleString("en"), "B");
    const [factor, unit] = scaleFor(kind, value);
    return withUnit(String(Number((value / factor).toPrecision(4))), unit);
}

function hasInterval(estimate) {
    return Number.isFinite(estimate.low) && Number.isFinite(estimate.high);
}

function formatInterval(kind, estimate) {
    if (!hasInterval(estimate)) return "";
    const scale = scaleFor(kind, estimate.median);
    return `${digits(estimate.low / scale[0])} to ${digits(estimate.high / scale[0])}`;
}

function formatEstimate(kind, estimate) {
    const interval = formatInterval(kind, estimate);
    return format(kind, estimate.median) + (interval && ` (${interval})`);
}

function plural(count, noun) {
    return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

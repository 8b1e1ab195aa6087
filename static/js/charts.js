// Charts: drawn when they come into view, in the colours of the reader's theme, saved as PNG and CSV.
// A figure names its colours as CSS tokens ("--sales"); plotly is fetched once, with the first chart that is seen.

const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false, showTips: false, scrollZoom: false };
const probe = document.createElement("span");
const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
let library;

// Plotly writes the style of its maps into the page, which our policy forbids, unless an element of this id is there
// already; we draw no maps.
const MAP_STYLE = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";

function plotly() {
  library ??= new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("meta"), { id: MAP_STYLE }));
    const script = document.createElement("script");
    script.src = document.querySelector("meta[name=plotly]").content;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The chart library could not be loaded."));
    document.head.append(script);
  });
  return library;
}

// The value of a token as rgb, whatever colour space it is written in.
function colour(token) {
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}

function painted(value) {
  if (typeof value === "string") return value.startsWith("--") ? colour(value) : value;
  if (Array.isArray(value)) return value.map(painted);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, painted(inner)]));
  }
  return value;
}

function merged(base, over) {
  const result = { ...base };
  for (const [key, value] of Object.entries(over ?? {})) {
    const isObject = value && typeof value === "object" && !Array.isArray(value);
    result[key] = isObject ? merged(base[key] ?? {}, value) : value;
  }
  return result;
}

// What all charts share; a figure's own layout goes over it.
function theme() {
  const axis = {
    gridcolor: "--line", linecolor: "--edge", zerolinecolor: "--edge", tickcolor: "--line",
    tickfont: { color: "--soft", size: 12 }, title: { font: { color: "--soft", size: 12 } }, automargin: true, fixedrange: true,
  };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: "--ink" },
    margin: { l: 8, r: 8, t: 8, b: 8, pad: 4 }, separators: ".,",
    dragmode: false, hovermode: "x unified", bargap: 0.32,
    hoverlabel: { bgcolor: "--raised", bordercolor: "--line", font: { color: "--ink", size: 13 } },
    legend: { orientation: "h", x: 0, y: 1.02, xanchor: "left", yanchor: "bottom", traceorder: "normal", font: { color: "--soft", size: 12 } },
    xaxis: { ...axis, showgrid: false, showline: false }, yaxis: { ...axis, zeroline: true, showline: false, ticks: "" },
  };
}

// Names along the axis stay level: as many as there is room for.
function level(data, layout, width) {
  if (layout?.xaxis?.type !== "category") return {};
  const longest = Math.max(...data.flatMap((trace) => (trace.x ?? []).map((name) => String(name).length)), 1);
  return { xaxis: { tickangle: 0, nticks: Math.max(2, Math.floor((width - 60) / (longest * 7.5 + 6))) } };
}

function figureOf(chart) {
  return JSON.parse(chart.querySelector("script[type='application/json']").textContent);
}

// A chart may leave the page while its drawing waits.
async function draw(chart) {
  const Plotly = await plotly();
  if (!chart.isConnected) return;
  const { data, layout } = figureOf(chart);
  const canvas = chart.querySelector(".chart-canvas");
  const whole = merged(merged(theme(), layout), level(data, layout, canvas.clientWidth));
  await Plotly.react(canvas, painted(data), painted(whole), CONFIG);
  for (const hidden of canvas.querySelectorAll("svg")) hidden.setAttribute("aria-hidden", "true");
  chart.dataset.drawn = "";
}

function redraw() {
  for (const chart of document.querySelectorAll("[data-chart][data-drawn]")) draw(chart);
}

const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries.filter((found) => found.isIntersecting)) {
      watcher.unobserve(entry.target);
      draw(entry.target);
    }
  },
  { rootMargin: "200px" },
);

function watch(root) {
  for (const chart of root.querySelectorAll("[data-chart]:not([data-watched])")) {
    chart.dataset.watched = "";
    chart.querySelector(".chart-actions").hidden = false;
    watcher.observe(chart);
  }
}

// Saving

function save(name, url) {
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// The list of marks stands under the saved picture, where nothing can be hovered over: a line of text for each.
const FOOT_LINE = 20;
const MOST_FOOT_CHARACTERS = 150;

function footnotes(chart) {
  return [...chart.querySelectorAll(".chart-marks li")].map((item, position) => {
    const text = item.textContent.replace(/\s+/g, " ").trim();
    const short = text.length > MOST_FOOT_CHARACTERS ? `${text.slice(0, MOST_FOOT_CHARACTERS - 1)}…` : text;
    return {
      text: short.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"), showarrow: false, align: "left",
      x: 0, xref: "paper", xanchor: "left", y: 0, yref: "paper", yanchor: "top", yshift: -(36 + position * FOOT_LINE),
      font: { color: "--soft", size: 13 },
    };
  });
}

async function savePng(chart) {
  await draw(chart);
  const Plotly = await plotly();
  const { data, layout } = figureOf(chart);
  const foot = footnotes(chart);
  const footHeight = foot.length ? foot.length * FOOT_LINE + 36 : 0;
  const text = chart.querySelector(".chart-title").textContent;
  const title = { text, font: { size: 19, weight: 600 }, x: 0, xref: "paper", y: 1, yref: "container", yanchor: "top", pad: { t: 24 } };
  const annotations = [...(layout?.annotations ?? []), ...foot];
  const margin = { t: 96, l: 24, r: 24, b: 24 + footHeight };
  const whole = merged(merged(theme(), layout), { title, annotations, paper_bgcolor: "--paper", margin });
  const size = { format: "png", width: 1200, height: 600 + footHeight, scale: 2 };
  const url = await Plotly.toImage({ data: painted(data), layout: painted(whole) }, size);
  save(`${chart.dataset.name}.png`, url);
}

// Text that a spreadsheet would take for a formula stays text: the same rule as core/csv_export.py, for whatever delimiter
// the file is read with.
const FORMULA = /^'*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\0]/;
const AFTER_DELIMITER = /(?<=[;,\t|\r\n])(?=['"]*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
const NUMBER = /^[+-]?\d[\d.,]*%?$/;

function guarded(text) {
  if (NUMBER.test(text)) return text;
  return (FORMULA.test(text) ? "'" : "") + text.replace(AFTER_DELIMITER, "'");
}

function cell(element) {
  const text = element.dataset.value ?? guarded(element.textContent.trim());
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function saveCsv(chart) {
  const rows = [...chart.querySelectorAll(".chart-table tr")].map((row) => [...row.cells].map(cell).join(","));
  const file = new Blob(["\ufeff", rows.join("\r\n"), "\r\n"], { type: "text/csv" });
  save(`${chart.dataset.name}.csv`, URL.createObjectURL(file));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save]");
  if (!button) return;
  const chart = button.closest("[data-chart]");
  if (button.dataset.save === "png") savePng(chart);
  else saveCsv(chart);
});

// The theme may change, by hand, by the system, or for the printer, which has only paper.

new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

let beforePrinting;
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll(".chart-marks:not([open])")];
  for (const list of unfolded) list.open = true;
  beforePrinting = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  for (const list of unfolded) list.open = false;
  if (beforePrinting) document.documentElement.dataset.theme = beforePrinting;
  else delete document.documentElement.dataset.theme;
});

document.addEventListener("htmx:afterSettle", (event) => watch(event.detail.elt.parentNode ?? document));
document.addEventListener("htmx:beforeCleanupElement", (event) => {
  if (event.detail.elt.matches?.(".chart-canvas") && window.Plotly) window.Plotly.purge(event.detail.elt);
});
watch(document);

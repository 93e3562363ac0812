// Makes the page's tables sort and filter, draws its charts, and opens runs. Without it, the page
// is the same tables as plain HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;

/** An element with text or children. */
function element(tag, content = [], attributes = {}) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...[content].flat());
  return made;
}

/** A table of texts, whose rows begin with a heading if asked. */
function table(caption, head, rows, attributes = {}) {
  const titles = head.map((title) => element("th", title, { scope: "col" }));
  const lines = rows.map(([first, ...rest]) =>
    element("tr", [element("th", first, { scope: "row" }), ...rest.map((text) => element("td", text))]),
  );
  return element(
    "table",
    [element("caption", caption), element("thead", element("tr", titles)), element("tbody", lines)],
    attributes,
  );
}

/** Something wide in a box that scrolls, with the keyboard too. */
function scrolling(wide, name) {
  return element("div", wide, { class: "scroll", role: "region", "aria-label": name, tabindex: "0" });
}

// Tables

const MOST_ROWS = 50;

async function enhanceTables() {
  const source = document.getElementById("tables-library").textContent;
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: DataTable } = await import(address);
  URL.revokeObjectURL(address);
  return [...document.querySelectorAll("table.grid")].map((grid) => {
    const name = grid.caption.textContent;
    const long = grid.tBodies[0].rows.length > MOST_ROWS;
    const made = new DataTable(grid, {
      order: [],
      orderMulti: true,
      autoWidth: false,
      paging: long,
      pageLength: MOST_ROWS,
      lengthChange: false,
      info: long,
      caption: name,
      language: { search: "Filter:", searchPlaceholder: "", zeroRecords: "No row has this." },
    });
    const box = made.table().container().querySelector("input[type=search]");
    box?.setAttribute("aria-label", `Filter ${name}`);
    return made;
  });
}

// Charts

function rowsOf(columns) {
  const names = Object.keys(columns);
  const length = names.length ? columns[names[0]].length : 0;
  return Array.from({ length }, (_, at) => Object.fromEntries(names.map((name) => [name, columns[name][at]])));
}

const CONFIG = {
  aria: true,
  mark: { aria: false },
  view: { stroke: null },
  axis: { labelOverlap: "greedy", labelSeparation: 6, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
  legend: { labelFontSize: 12 },
};

async function drawChart(chart, number) {
  const figure = document.getElementById(`chart-${number}`);
  const rows = rowsOf(chart.columns);
  const caption = figure.querySelector("figcaption").textContent;
  const { view } = await window.vegaEmbed(
    figure.querySelector(".drawing"),
    { ...chart.spec, description: `${chart.title}. ${caption}`, data: { values: rows } },
    { renderer: "svg", actions: false, config: CONFIG, tooltip: { theme: "custom" } },
  );
  figure.querySelector("details").addEventListener(
    "toggle",
    (event) => {
      const texts = rows.map((row) => Object.values(row).map((value) => `${value ?? ""}`));
      const numbers = table(chart.title, Object.keys(chart.columns), texts);
      event.target.append(scrolling(numbers, `Numbers: ${chart.title}`));
    },
    { once: true },
  );
  const legend = chart.spec.usermeta?.legend;
  if (legend) figure.querySelector(".drawing").after(legendOf(legend, view));
  const names = (chart.spec.params ?? []).map((one) => one.name);
  return { view, filtered: names.includes("visible") };
}

/** Buttons that bring out the methods that are pressed, all of them where none is. */
function legendOf(methods, view) {
  const buttons = methods.map(({ title, light, dark }) => {
    const button = element("button", title, { type: "button", "aria-pressed": "false" });
    button.style.setProperty("--light", light);
    button.style.setProperty("--dark", dark);
    button.addEventListener("click", () => {
      button.ariaPressed = button.ariaPressed === "true" ? "false" : "true";
      const pressed = buttons.filter((one) => one.ariaPressed === "true").map((one) => one.textContent);
      view.signal("picked", pressed.length ? pressed : null).runAsync();
    });
    return button;
  });
  return element("div", buttons, { class: "legend", role: "group", "aria-label": "Methods of this figure" });
}

// What is shown

/** The column of methods in a table, or -1. */
function methodColumn(grid) {
  return [...grid.tHead.rows[0].cells].findIndex((cell) => cell.textContent.trim().startsWith("Method"));
}

/** Whether a title has one of the words that were typed. */
function wanted(typed) {
  const words = typed.toLowerCase().split(",").map((word) => word.trim()).filter(Boolean);
  return (title) => !words.length || words.some((word) => title.toLowerCase().includes(word));
}

function filterMethods(typed, tables, charts) {
  const keep = wanted(typed);
  for (const one of tables) {
    const column = methodColumn(one.table().node());
    if (column >= 0) one.column(column).search((text) => keep(text)).draw();
  }
  const titles = new Set(data.charts.flatMap((chart) => chart.columns.Method ?? []));
  const kept = [...titles].filter(keep);
  for (const { view, filtered } of charts) {
    if (filtered) view.signal("visible", typed.trim() ? kept : null).runAsync();
  }
  document.getElementById("shown").textContent = typed.trim()
    ? `${tables.reduce((sum, one) => sum + one.rows({ search: "applied" }).count(), 0)} rows shown`
    : "";
}

function isDark() {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** The theme that was chosen before, for this and other pages; some browsers keep none for files. */
const kept = {
  get theme() {
    try {
      return localStorage.getItem("theme") ?? "auto";
    } catch {
      return "auto";
    }
  },
  set theme(value) {
    try {
      localStorage.setItem("theme", value);
    } catch {
      // it lasts as long as the page
    }
  },
};

function applyTheme(value, charts) {
  if (value === "auto") delete root.dataset.theme;
  else root.dataset.theme = value;
  for (const { view } of charts) view.signal("dark", isDark()).runAsync();
}

// Runs

const dialog = document.getElementById("run");

function matrixTable(matrix) {
  const tasks = Math.max(...matrix.map(([first = 1, ...values]) => first - 1 + values.length));
  const head = ["After task", ...Array.from({ length: tasks }, (_, at) => `On task ${at + 1}`)];
  const lines = matrix.map(([first = 1, ...values], at) => [
    `${at + 1}`,
    ...Array.from({ length: tasks }, (_, task) => values[task - first + 1]?.toFixed(2) ?? ""),
  ]);
  const rows = lines.filter(([, ...texts]) => texts.some(Boolean)); // of those that were tested
  const made = table("Accuracy (%)", head, rows, { class: "matrix" });
  for (const cell of made.querySelectorAll("td")) cell.style.setProperty("--share", cell.textContent || 0);
  return scrolling(made, "Accuracy matrix");
}

function taskLogTable(task_log) {
  const columns = Object.values(task_log);
  const rows = columns[0].map((_, at) => columns.map((column) => column[at]));
  return scrolling(table("How it went", Object.keys(task_log), rows), "How it went, task by task");
}

function runContent(run) {
  const parts = [element("p", `${run.section}, seed ${run.seed}: ${run.status}.`)];
  const command = data.shared[run.command];
  if (run.error) parts.push(element("h3", "Why it ended"), element("pre", run.error));
  if (run.matrix.length) parts.push(element("h3", "Accuracy matrix"), matrixTable(run.matrix));
  if (Object.keys(run.task_log).length) parts.push(element("h3", "Task by task"), taskLogTable(run.task_log));
  if (Object.keys(run.metrics).length) {
    parts.push(element("h3", "Metrics"), table("Metrics", ["Metric", "Value"], Object.entries(run.metrics)));
  }
  if (command) {
    const copy = element("button", "Copy", { type: "button" });
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command);
      copy.textContent = "Copied";
    });
    parts.push(element("h3", "Make it again"), element("pre", command), copy);
  }
  for (const [title, place] of Object.entries(run.facts)) {
    const pairs = Object.entries(data.shared[place]);
    if (pairs.length) parts.push(element("h3", title), table(title, ["Name", "Value"], pairs));
  }
  return parts;
}

/** Opens the run that the address names, if it does. */
function openRun() {
  const run = data.runs[location.hash.replace(/^#run-/, "")];
  if (!run) return;
  document.getElementById("run-title").textContent = `${run.title}, seed ${run.seed}`;
  document.getElementById("run-content").replaceChildren(...runContent(run));
  if (!dialog.open) dialog.showModal();
}

dialog.addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
window.addEventListener("hashchange", openRun);

// All of it

async function start() {
  const [tables, charts] = await Promise.all([enhanceTables(), Promise.all(data.charts.map(drawChart))]);
  const methods = document.getElementById("methods");
  const theme = document.getElementById("theme");
  theme.value = kept.theme;
  applyTheme(theme.value, charts);
  methods.addEventListener("input", () => filterMethods(methods.value, tables, charts));
  methods.form.addEventListener("submit", (event) => event.preventDefault());
  theme.addEventListener("change", () => {
    kept.theme = theme.value;
    applyTheme(theme.value, charts);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => applyTheme(theme.value, charts));
  openRun();
  root.dataset.ready = "";
}

await start();

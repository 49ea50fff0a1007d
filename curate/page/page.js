// What the page can do beyond being read. Without this script every table, chart and sample is still there.
// Text reaches the page through textContent only, never as markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // ---- language: English stands in the page, Chinese in the data ----
  const english = new Map(all("[data-t]").map(node => [node.dataset.t, node.textContent]));
  const root = document.documentElement;
  const label = key => (root.lang === "zh" && data.labels[key]) || english.get(key) || key;
  const languageButton = document.getElementById("language");
  function speak(language) {
    root.lang = language;
    for (const node of all("[data-t]")) node.textContent = label(node.dataset.t);
    languageButton.textContent = language === "zh" ? "English" : "中文";
    languageButton.lang = language === "zh" ? "en" : "zh";
  }
  languageButton.hidden = false;
  languageButton.addEventListener("click", () => speak(root.lang === "zh" ? "en" : "zh"));
  speak((navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en");

  // ---- sorting: figures by data-v, words as the reader's language orders them; "the rest" stays last ----
  const compareWords = new Intl.Collator(undefined, { numeric: true }).compare;
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  function sort(table, heading) {
    const column = heading.cellIndex, body = table.tBodies[0], rows = [...body.rows];
    const figures = rows.length > 0 && typeof key(rows[0], column) === "number";
    const was = heading.getAttribute("aria-sort");
    const downwards = was ? was === "ascending" : figures;
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", downwards ? "descending" : "ascending");
    rows.sort((a, b) => {
      const last = a.classList.contains("last") - b.classList.contains("last");
      const [x, y] = [key(a, column), key(b, column)];
      const order = figures ? x - y : compareWords(x, y);
      return last || (downwards ? -order : order);
    });
    body.append(...rows);
  }
  for (const table of all("table.sortable")) {
    if (table.tBodies[0].rows.length < 2) continue;
    for (const heading of table.tHead.rows[0].cells) {
      const words = heading.querySelector("[data-t]");
      if (!words) continue;
      const button = document.createElement("button");
      button.type = "button";
      words.replaceWith(button);
      button.append(words);
      button.addEventListener("click", () => sort(table, heading));
    }
  }

  // ---- charts: what is under the pointer ----
  const tip = document.getElementById("tip");
  const figure = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });
  const whole = new Intl.NumberFormat("en-US");
  // A chart is its drawing and its bins: x and edges, one more than kept and dropped. x is in units of the viewBox.
  const charts = all("svg[data-chart]").map(svg => ({ svg, ...data.charts[Number(svg.dataset.chart)] }));
  function binAt(chart, clientX) {
    const box = chart.svg.getBoundingClientRect();
    const x = (clientX - box.left) * chart.svg.viewBox.baseVal.width / box.width;
    const bin = chart.x.findIndex((left, i) => i < chart.kept.length && x >= left && x <= chart.x[i + 1]);
    return bin < 0 ? null : bin;
  }
  function show(event, text) {
    tip.textContent = text;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.min(Math.max(event.clientX - width / 2, 6), innerWidth - width - 6);
    const above = event.clientY - height - 14;
    tip.style.transform = `translate(${left}px, ${above < 6 ? event.clientY + 18 : above}px)`;
  }
  for (const chart of charts) {
    chart.svg.addEventListener("pointermove", event => {
      const bin = binAt(chart, event.clientX);
      if (bin === null) { tip.hidden = true; return; }
      show(event, `${figure.format(chart.edges[bin])} – ${figure.format(chart.edges[bin + 1])}\n` +
        `${label("kept")} ${whole.format(chart.kept[bin])}\n${label("dropped")} ${whole.format(chart.dropped[bin])}`);
    });
    chart.svg.addEventListener("pointerleave", () => { tip.hidden = true; });
  }

  // ---- samples: find ----
  const find = document.getElementById("find");
  if (find) {
    const line = find.closest(".find"), found = line.querySelector("output");
    const groups = all("details.group").map(node => ({
      node, open: node.open, samples: all(".sample", node).map(sample => [sample, sample.textContent.toLowerCase()]),
    }));
    line.hidden = false;
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      let total = 0;
      for (const group of groups) {
        let here = 0;
        for (const [sample, text] of group.samples) {
          const hit = text.includes(wanted);
          sample.hidden = !hit;
          here += hit;
        }
        group.node.hidden = here === 0;
        group.node.open = wanted ? true : group.open;
        total += here;
      }
      found.textContent = wanted ? whole.format(total) : "";
    });
  }
})();

(() => {
  const data = JSON.parse(document.getElementById("explore-data").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const values = new Float32Array(bytes(data.values));
  const label = [...new Uint8Array(bytes(data.label))];
  const { features, columns, classes, colors } = data;
  const find = (selector) => document.querySelector(selector);
  const number = (v, kind) => {
    if (v === null || v === undefined) return "–";
    if (Number.isInteger(v)) return v.toLocaleString("en-US");
    const size = Math.abs(v);
    if (kind === "p") return size < 0.001 ? v.toExponential(1) : v.toFixed(3);
    return size >= 1e6 || size < 1e-3 ? v.toExponential(2).replace("e+", "e") : size >= 100 ? v.toFixed(1) : v.toFixed(3);
  };
  const element = (name, text, parts = {}) => Object.assign(document.createElement(name), { textContent: text, ...parts });

  /* Correlations: the upper triangle of the map, in hundredths. */
  const order = data.map.order, packed = new Int8Array(bytes(data.map.rho));
  const placeOf = new Map(order.map((feature, place) => [feature, place]));
  const rho = (a, b) => {
    const [i, j] = a < b ? [a, b] : [b, a];
    return packed[i * order.length - (i * (i - 1)) / 2 + j - i] / 100;
  };

  /* The table: sorted, searched, and as long as is wanted. */
  const STEP = 100;
  let group = Object.keys(data.groups)[0];
  let sorted = { key: columns.p ? "p" : "feature", up: true };
  let shown = STEP, selected = -1;

  function matching() {
    const words = find("#search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = features.map((_, i) => i).filter((i) => words.every((w) => features[i].toLowerCase().includes(w)));
    const column = columns[sorted.key], sign = sorted.up ? 1 : -1;
    return found.sort((a, b) => {
      if (sorted.key === "feature") return sign * features[a].localeCompare(features[b]);
      const one = column[a], other = column[b];
      if (one === null || other === null) return (one === null) - (other === null);
      return sign * (one - other) || a - b;
    });
  }

  function draw() {
    const found = matching(), shape = [["feature", "feature", ""], ...data.groups[group]];
    const head = element("tr", "");
    for (const [key, title] of shape) {
      const cell = element("th", "", { scope: "col" });
      if (sorted.key === key) cell.setAttribute("aria-sort", sorted.up ? "ascending" : "descending");
      cell.append(element("button", title, { type: "button", onclick: () => {
        sorted = { key, up: sorted.key === key ? !sorted.up : true };
        draw();
      } }));
      head.append(cell);
    }
    const body = found.slice(0, shown).map((i) => {
      const row = element("tr", "", { className: i === selected ? "on" : "" });
      const cell = element("th", "", { scope: "row", title: features[i] });
      cell.append(element("button", features[i], { type: "button" }));
      row.append(cell, ...shape.slice(1).map(([key, , kind]) => element("td", number(columns[key][i], kind))));
      row.onclick = () => select(i);
      row.dataset.i = i;
      return row;
    });
    find(".rows thead").replaceChildren(head);
    find(".rows tbody").replaceChildren(...body);
    const rest = found.length - body.length;
    const told = (count) => count.toLocaleString("en-US");
    find(".count").textContent = `${told(body.length)} of ${told(found.length)} found, ${told(features.length)} in all`;
    find("#more").hidden = rest <= 0;
  }

  /* One feature: how it is distributed, what it tells, and what repeats it. */
  const of = (place) => Array.from(values.subarray(place * data.rows, (place + 1) * data.rows));
  const curves = (numbers) => classes.length === 2
    ? [{ values: numbers, positive: label.map((l) => l === 1), color: colors[1] }]
    : classes.map((_, k) => ({ values: numbers, positive: label.map((l) => l === k), color: colors[k] }));

  function facts(i) {
    const list = element("dl", "");
    const add = (name, text) => list.append(element("dt", name), element("dd", text));
    const interval = (low, high) => columns[low][i] === null ? "" : ` (${number(columns[low][i])} to ${number(columns[high][i])})`;
    for (const [key, low, high, title] of data.areas) add(title, number(columns[key][i]) + interval(low, high));
    if (columns.p) add("p; FDR; Bonferroni", ["p", "p_fdr", "p_bonferroni"].map((k) => number(columns[k][i], "p")).join("; "));
    if (columns.volume_spearman) add("ρ with volume", number(columns.volume_spearman[i]) + interval("volume_low", "volume_high"));
    add("mean; standard deviation", `${number(columns.mean[i])}; ${number(columns.std[i])}`);
    add("median; range", `${number(columns.median[i])}; ${number(columns.min[i])} to ${number(columns.max[i])}`);
    add("p of normality", number(columns.shapiro_p[i], "p"));
    add("cluster", columns.cluster[i] === null ? "–" : `${columns.cluster[i]}, of ${columns.cluster_size[i]}`);
    return list;
  }

  function alike(i) {
    const here = placeOf.get(i), list = element("ul", "");
    if (here === undefined) return list;
    const near = order.map((feature, place) => [feature, rho(here, place)]).filter(([feature]) => feature !== i);
    near.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    for (const [feature, r] of near.slice(0, 5)) {
      const item = element("li", `${r.toFixed(2)} `);
      item.append(element("button", features[feature], { type: "button", onclick: () => select(feature) }));
      list.append(item);
    }
    return list;
  }

  function select(i) {
    selected = i;
    const panel = find(".detail"), pictures = element("div", "");
    panel.replaceChildren(element("h3", features[i]));
    if (data.at[i] >= 0) {
      const numbers = of(data.at[i]);
      const sets = classes.length
        ? classes.map((_, k) => numbers.filter((v, r) => label[r] === k && !Number.isNaN(v)))
        : [numbers.filter((v) => !Number.isNaN(v))];
      pictures.innerHTML = charts.distribution(sets, colors, features[i]) + (classes.length ? charts.roc(curves(numbers), features[i]) : "");
      panel.append(legend(), pictures);
    } else {
      panel.append(element("p", "The page does not hold this feature's values (to stay small, or since they are above 1e38); the table has its statistics."));
    }
    panel.append(facts(i), element("p", `Most correlated, by ${data.map.kind}:`), alike(i));
    for (const row of document.querySelectorAll(".rows tbody tr")) row.classList.toggle("on", +row.dataset.i === i);
    for (const dot of document.querySelectorAll(".dot")) dot.classList.toggle("on", +dot.dataset.i === i);
  }

  function legend() {
    const box = element("div", "", { className: "legend" });
    classes.forEach((name, k) => {
      const item = element("span", "");
      const key = element("i", "");
      key.style.background = colors[k];
      item.append(key, `${name} (n = ${label.filter((l) => l === k).length})`);
      box.append(item);
    });
    return box;
  }

  function heatMap() {
    const canvas = find(".map canvas"), n = order.length;
    if (!n) return; /* no two features have a correlation, and browsers draw no empty picture */
    canvas.width = canvas.height = n;
    const context = canvas.getContext("2d"), image = context.createImageData(n, n);
    const ends = { down: [0, 114, 178], up: [213, 94, 0] };
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const r = rho(i, j), end = r < 0 ? ends.down : ends.up, at = 4 * (i * n + j);
        for (let c = 0; c < 3; c++) image.data[at + c] = 255 + (end[c] - 255) * Math.abs(r);
        image.data[at + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      const at = (offset, size) => Math.max(0, Math.min(n - 1, Math.floor((offset / size) * n)));
      return [at(event.clientY - box.top, box.height), at(event.clientX - box.left, box.width)];
    };
    canvas.onpointermove = (event) => {
      const [i, j] = place(event);
      find(".map .pair").replaceChildren(element("b", rho(i, j).toFixed(2)), features[order[i]], element("br", ""), features[order[j]]);
    };
    canvas.onclick = (event) => { select(order[place(event)[0]]); find(".explorer").scrollIntoView({ behavior: "smooth" }); };
  }

  function overview() {
    const known = (columns.p ?? []).filter((p) => p !== null);
    if (find("#p-values")) {
      find("#p-values").innerHTML = charts.histogram(known, { x: [0, 1], bins: 20, xName: "p", expected: known.length / 20, color: colors[0], label: "Histogram of p-values" });
    }
    const place = find("#by-volume");
    if (!place) return;
    const numbers = [...new Float32Array(bytes(data.volume.values))], { name, threshold } = data.volume;
    const { areas } = data;
    const farthest = (i) => areas.map(([key]) => columns[key][i]).reduce((a, b) => (Math.abs(b - 0.5) > Math.abs(a - 0.5) ? b : a));
    const rhos = columns.volume_spearman;
    if (!classes.length) {
      place.innerHTML = charts.histogram(rhos.filter((r) => r !== null), { x: [-1, 1], bins: 40, xName: `ρ with ${name}`, color: colors[0], label: "Histogram of correlations with volume" });
      return;
    }
    const points = features.map((f, i) => [i, rhos[i], farthest(i), f]).filter(([, r, a]) => r !== null && a !== null);
    place.innerHTML = charts.scatter(points, {
      x: [-1, 1], y: [0, 1], xName: `ρ with ${name}`, yName: areas.length > 1 ? "AUC, farthest from 0.5" : "AUC", guides: [-threshold, threshold], level: 0.5, color: colors[0], label: "Each feature's correlation with volume and its AUC",
    });
    place.onclick = (event) => { if (event.target.dataset.i !== undefined) { select(+event.target.dataset.i); find(".explorer").scrollIntoView({ behavior: "smooth" }); } };
    find("#volume-roc").innerHTML = charts.roc(curves(numbers), name);
    if (find("#volume-pr")) find("#volume-pr").innerHTML = charts.precisionRecall(curves(numbers)[0], name);
  }

  const buttons = Object.keys(data.groups).map((name) => {
    const button = element("button", name, { type: "button" });
    button.onclick = () => {
      group = name;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      draw();
    };
    button.setAttribute("aria-pressed", String(name === group));
    return button;
  });
  find(".tools").append(...buttons);
  find("#search").oninput = () => { shown = STEP; draw(); };
  find("#more").onclick = () => { shown += 5 * STEP; draw(); };
  heatMap();
  overview();
  select(matching()[0]);
  draw();
})();

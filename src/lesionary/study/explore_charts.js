/* Charts as pieces of SVG, from plain numbers. */
const charts = (() => {
  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const WIDTH = 380, LEFT = 46, RIGHT = 8, BOTTOM = 36;

  function ticks(low, high) {
    const rough = (high - low) / 5 || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
    return found;
  }

  const short = (value) => {
    const size = Math.abs(value);
    if (size < 1e-12) return "0";
    return size >= 1e5 || size < 1e-3 ? value.toExponential(1).replace("e+", "e") : String(+value.toPrecision(4));
  };

  function frame({ x, y, height = 220, top = 10, xName, yName, yTicks = true, label }) {
    const across = (v) => LEFT + ((v - x[0]) / (x[1] - x[0])) * (WIDTH - LEFT - RIGHT);
    const down = (v) => height - BOTTOM - ((v - y[0]) / (y[1] - y[0])) * (height - BOTTOM - top);
    const floor = height - BOTTOM;
    const parts = [`<path class="axis" d="M${LEFT} ${top}V${floor}H${WIDTH - RIGHT}"/>`];
    for (const tick of ticks(...x)) {
      parts.push(`<path class="axis" d="M${across(tick)} ${floor}v4"/><text x="${across(tick)}" y="${floor + 15}" text-anchor="middle">${short(tick)}</text>`);
    }
    for (const tick of yTicks ? ticks(...y) : []) {
      parts.push(`<path class="axis" d="M${LEFT} ${down(tick)}h-4"/><text x="${LEFT - 7}" y="${down(tick) + 4}" text-anchor="end">${short(tick)}</text>`);
    }
    parts.push(`<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${height - 4}" text-anchor="middle">${escape(xName)}</text>`);
    parts.push(`<text transform="translate(11 ${(top + floor) / 2}) rotate(-90)" text-anchor="middle">${escape(yName)}</text>`);
    const wrap = (content) => `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(label)}">${content}${parts.join("")}</svg>`;
    return { across, down, wrap, floor };
  }

  const path = (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");

  const quantile = (sorted, share) => {
    const at = (sorted.length - 1) * share, low = Math.floor(at);
    return sorted[low] + ((sorted[low + 1] ?? sorted[low]) - sorted[low]) * (at - low);
  };

  /* Histograms of classes over each other, each as shares of its class, with a box plot above. */
  function distribution(sets, colors, name) {
    const all = sets.flat();
    if (!all.length) return "";
    let low = Math.min(...all), high = Math.max(...all);
    if (low === high) { low -= 0.5; high += 0.5; }
    const bins = Math.max(8, Math.min(40, Math.ceil(2 * Math.cbrt(all.length))));
    const shares = sets.map((set) => {
      const counts = new Array(bins).fill(0);
      for (const v of set) counts[Math.min(bins - 1, Math.floor(((v - low) / (high - low)) * bins))] += 1 / set.length;
      return counts;
    });
    const top = 12 + 14 * sets.length;
    const one = frame({
      x: [low, high], y: [0, Math.max(...shares.flat()) * 1.05], height: 210 + 14 * sets.length, top,
      xName: name, yName: "share of the class", label: `Distribution of ${name}`,
    });
    const edge = (k) => one.across(low + ((high - low) * k) / bins);
    const content = sets.map((set, i) => {
      if (!set.length) return "";
      const outline = [[edge(0), one.floor]];
      shares[i].forEach((s, k) => outline.push([edge(k), one.down(s)], [edge(k + 1), one.down(s)]));
      outline.push([edge(bins), one.floor]);
      const sorted = [...set].sort((a, b) => a - b), y = 8 + 14 * i;
      const [first, q1, middle, q3, last] = [0, 0.25, 0.5, 0.75, 1].map((q) => one.across(quantile(sorted, q)));
      return `<path d="${path(outline)}" fill="${colors[i]}" fill-opacity="0.22" stroke="${colors[i]}" stroke-width="1.5"/>` +
        `<path d="M${first} ${y}H${last}" stroke="${colors[i]}"/><rect x="${q1}" y="${y - 4}" width="${Math.max(1, q3 - q1)}" height="8" fill="${colors[i]}" fill-opacity="0.6"/>` +
        `<path d="M${middle} ${y - 5}v10" style="stroke:var(--ink)" stroke-width="2"/>`;
    });
    return one.wrap(content.join(""));
  }

  /* Hits and false alarms from the highest value down; ties are one step. */
  function thresholds(values, positive) {
    const order = values.map((v, i) => i).filter((i) => !Number.isNaN(values[i])).sort((a, b) => values[b] - values[a]);
    const steps = [[0, 0]];
    let hits = 0, alarms = 0;
    order.forEach((i, k) => {
      if (positive[i]) hits++; else alarms++;
      if (values[order[k + 1]] !== values[i]) steps.push([alarms, hits]);
    });
    return { steps, hits, alarms };
  }

  function roc(curves, name) {
    const one = frame({ x: [0, 1], y: [0, 1], height: 300, xName: "1 - specificity", yName: "sensitivity", label: `ROC curve of ${name}` });
    const content = curves.map(({ values, positive, color }) => {
      const { steps, hits, alarms } = thresholds(values, positive);
      if (!hits || !alarms) return "";
      return `<path fill="none" stroke="${color}" stroke-width="2" d="${path(steps.map(([f, t]) => [one.across(f / alarms), one.down(t / hits)]))}"/>`;
    });
    return one.wrap(`<path class="guide" d="${path([[one.across(0), one.down(0)], [one.across(1), one.down(1)]])}"/>${content.join("")}`);
  }

  function precisionRecall({ values, positive, color }, name) {
    const { steps, hits, alarms } = thresholds(values, positive);
    const one = frame({ x: [0, 1], y: [0, 1], height: 300, xName: "recall", yName: "precision", label: `Precision and recall of ${name}` });
    const points = steps.slice(1).map(([f, t]) => [one.across(t / hits), one.down(t / (t + f))]);
    const share = one.down(hits / (hits + alarms));
    return one.wrap(`<path class="guide" d="M${one.across(0)} ${share}H${one.across(1)}"/><path fill="none" stroke="${color}" stroke-width="2" d="${path(points)}"/>`);
  }

  /* Counts of numbers in bins of equal width, and how many each would hold by chance. */
  function histogram(values, { x, bins, xName, expected, color, label }) {
    const counts = new Array(bins).fill(0);
    for (const v of values) counts[Math.min(bins - 1, Math.floor(((v - x[0]) / (x[1] - x[0])) * bins))]++;
    const one = frame({ x, y: [0, Math.max(...counts, 1) * 1.05], xName, yName: "features", label });
    const width = (one.across(x[1]) - one.across(x[0])) / bins;
    const bars = counts.map((c, k) => `<rect x="${one.across(x[0]) + k * width + 0.5}" y="${one.down(c)}" width="${width - 1}" height="${one.floor - one.down(c)}" fill="${color}" fill-opacity="0.75"><title>${c} features</title></rect>`);
    const line = expected ? `<path class="guide" d="M${one.across(x[0])} ${one.down(expected)}H${one.across(x[1])}"/>` : "";
    return one.wrap(bars.join("") + line);
  }

  function scatter(points, { x, y, xName, yName, guides = [], level, color, label }) {
    const one = frame({ x, y, height: 300, xName, yName, label });
    const lines = guides.map((g) => `<path class="guide" d="M${one.across(g)} ${one.down(y[0])}V${one.down(y[1])}"/>`);
    if (level !== undefined) lines.push(`<path class="guide" d="M${one.across(x[0])} ${one.down(level)}H${one.across(x[1])}"/>`);
    const dots = points.map(([i, a, b, name]) => `<circle class="dot" data-i="${i}" cx="${one.across(a).toFixed(1)}" cy="${one.down(b).toFixed(1)}" r="3.5" fill="${color}"><title>${escape(name)}</title></circle>`);
    return one.wrap(lines.join("") + dots.join(""));
  }

  return { escape, distribution, roc, precisionRecall, histogram, scatter };
})();

(() => {
  const figure = document.currentScript.closest("figure");
  const points = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const dots = [...figure.querySelectorAll("circle")];
  const panels = figure.querySelector(".panels");
  const box = figure.querySelector(".lesion");
  const keys = [...figure.querySelectorAll("button")];
  const named = new Set(keys.map((key) => key.dataset.group));

  const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });

  const source = (picture) =>
    picture.startsWith("#") ? document.getElementById(picture.slice(1)).src : picture;

  function show(i) {
    const point = points[i];
    box.replaceChildren();
    if (point.picture) box.append(Object.assign(new Image(), { src: source(point.picture), alt: "" }));
    const list = element("dl", "");
    for (const [name, value] of Object.entries(point.facts)) {
      list.append(element("dt", name), element("dd", value));
    }
    box.append(element("b", point.title), list);
    box.hidden = false;
    for (const dot of dots) dot.classList.toggle("on", dot.dataset.i === i);
  }

  function place(event) {
    const frame = figure.getBoundingClientRect();
    const beside = (at, size, limit) => Math.max(0, at + 16 + size > limit ? at - 16 - size : at + 16);
    const left = beside(event.clientX, box.offsetWidth, document.documentElement.clientWidth);
    const top = beside(event.clientY, box.offsetHeight, window.innerHeight);
    box.style.left = `${left - frame.left}px`;
    box.style.top = `${top - frame.top}px`;
  }

  function hide() {
    box.hidden = true;
    for (const dot of dots) dot.classList.remove("on");
  }

  panels.addEventListener("pointerover", (event) => {
    if (event.target.dataset.i === undefined) return hide();
    show(event.target.dataset.i);
    place(event);
  });
  panels.addEventListener("pointermove", (event) => { if (!box.hidden) place(event); });
  panels.addEventListener("pointerleave", hide);

  for (const key of keys) {
    key.addEventListener("click", () => {
      const pressed = key.getAttribute("aria-pressed") === "true";
      for (const other of keys) other.setAttribute("aria-pressed", String(other === key && !pressed));
      panels.classList.toggle("dim", !pressed);
      for (const dot of dots) {
        const group = points[dot.dataset.i].group;
        dot.classList.toggle("in", (named.has(group) ? group : "other or missing") === key.dataset.group);
      }
    });
  }
})();

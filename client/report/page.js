// Hover and zoom. The page says everything without it.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("columns").textContent);
  const tools = document.querySelector(".tools");
  const tip = document.createElement("div");
  const pictures = [...document.querySelectorAll(".axis .picture")];
  const total = data.width * data.columns;
  let view = [0, 1];

  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  if (tools) tools.hidden = false;

  const two = (n) => String(n).padStart(2, "0");
  const clock = (ms) => {
    const d = new Date(ms);
    return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ` +
      `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}` +
      (data.width < 1000 ? `.${String(d.getUTCMilliseconds()).padStart(3, "0")}` : "");
  };

  // Texts that stand at a time.
  const placeTexts = () => {
    for (const text of document.querySelectorAll(".axis text.at")) {
      const at = (Number(text.dataset.at) - view[0]) / (view[1] - view[0]);
      text.setAttribute("x", `${at * 100}%`);
      text.setAttribute("visibility", at < 0 || at > 1 ? "hidden" : "visible");
    }
  };

  const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5,
    72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 432e6, 864e6, 1728e6, 5184e6, 15552e6];
  const placeTicks = () => {
    const from = data.begin + total * view[0], range = total * (view[1] - view[0]);
    const step = STEPS.find((s) => range / s < 6) || STEPS[STEPS.length - 1];
    const cut = step >= 864e5 ? [5, 10] : step >= 6e4 ? [11, 16] : step >= 1e3 ? [11, 19] : [11, 23];
    for (const svg of document.querySelectorAll(".axis .picture.times")) {
      svg.replaceChildren();
      for (let t = Math.ceil(from / step) * step; t < from + range; t += step) {
        const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
        const at = (t - from) / range;
        text.setAttribute("x", `${at * 100}%`);
        text.setAttribute("y", "1em");
        text.setAttribute("text-anchor", at < 0.08 ? "start" : at > 0.92 ? "end" : "middle");
        text.textContent = new Date(t).toISOString().slice(cut[0], cut[1]);
        svg.append(text);
      }
    }
  };

  const show = (from, to) => {
    const least = Math.min(1, 8 / data.columns), width = Math.min(1, Math.max(least, to - from));
    from = Math.min(1 - width, Math.max(0, from));
    view = [from, from + width];
    for (const svg of document.querySelectorAll(".axis .scaled")) {
      const height = svg.viewBox.baseVal.height;
      svg.setAttribute("viewBox", `${from * data.columns} 0 ${width * data.columns} ${height}`);
    }
    placeTexts();
    placeTicks();
  };
  const zoom = (by, at = 0.5) => {
    const middle = view[0] + (view[1] - view[0]) * at, width = (view[1] - view[0]) * by;
    show(middle - width * at, middle - width * at + width);
  };

  const words = (row, i) => {
    const lines = [clock(data.begin + i * data.width) + " UTC"];
    const [sent, forward, back, unknown, min, median, p99, servers] = row.map((values) => values[i]);
    if (!sent && !forward && !back && !unknown) return lines.concat("not probed");
    lines.push(`sent ${sent}`);
    if (forward) lines.push(`lost forward ${forward}`);
    if (back) lines.push(`lost return ${back}`);
    if (unknown) lines.push(`lost, direction not known ${unknown}`);
    if (median) lines.push(`RTT ms ${min} ${median} ${p99} (min, median, p99)`);
    const names = data.servers.filter((name, k) => servers & (1 << k));
    lines.push(names.length ? `answered by ${names.join(", ")}` : "nobody answered");
    return lines;
  };

  let drag = null;
  const part = (svg, event) => {
    const box = svg.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const hover = (svg, event) => {
    const key = [...svg.classList].find((name) => /^r\d+$/.test(name));
    const row = key && data.rows[key.slice(1)];
    const at = view[0] + (view[1] - view[0]) * part(svg, event);
    const i = Math.min(data.columns - 1, Math.floor(at * data.columns));
    tip.textContent = (row ? words(row, i) : [clock(data.begin + at * total) + " UTC"]).join("\n");
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(innerWidth - box.width - 4, event.clientX + 14))}px`;
    tip.style.top = `${event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 10 : event.clientY + 18}px`;
  };
  for (const svg of pictures) {
    svg.addEventListener("pointermove", (event) => hover(svg, event));
    svg.addEventListener("pointerleave", () => { tip.hidden = true; });
    svg.addEventListener("pointerdown", (event) => { drag = part(svg, event); });
    svg.addEventListener("pointerup", (event) => {
      const [a, b] = [drag, part(svg, event)].sort((x, y) => x - y), width = view[1] - view[0];
      if (drag !== null && b - a > 0.01) show(view[0] + width * a, view[0] + width * b);
      drag = null;
    });
    svg.addEventListener("dblclick", () => show(0, 1));
  }
  for (const [name, act] of [["in", () => zoom(0.5)], ["out", () => zoom(2)], ["all", () => show(0, 1)],
    ["earlier", () => show(view[0] - (view[1] - view[0]) / 2, view[1] - (view[1] - view[0]) / 2)],
    ["later", () => show(view[0] + (view[1] - view[0]) / 2, view[1] + (view[1] - view[0]) / 2)]]) {
    const button = document.querySelector(`[data-act="${name}"]`);
    if (button) button.addEventListener("click", act);
  }
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
})();

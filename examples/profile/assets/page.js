// Keeps the numbers of the cluster up to date, and draws them.
"use strict";

const SAMPLES = 60; // one a second
const KEYS = 5; // colours in the style sheet
const WIDTH = 320;
const HEIGHT = 120;
const KEPT = "lag-samples";

// The samples outlive a change of page.
function load() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) || [];
  } catch {
    return [];
  }
}

const samples = load();

function shape(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function lagText(node) {
  if (node.health !== "up") return node.health;
  return node.lag_ms === null ? "not known" : `${node.lag_ms} ms`;
}

function share(node, whole) {
  return whole === 0 ? 0 : Math.floor((node.reads * 100) / whole);
}

function fillTable(nodes, whole) {
  for (const node of nodes) {
    const row = document.querySelector(`#nodes tr[data-node="${CSS.escape(node.name)}"]`);
    if (!row) continue;
    row.querySelector(".lag").textContent = lagText(node);
    row.querySelector(".reads").textContent = `${node.reads} (${share(node, whole)} %)`;
  }
}

function drawLag(nodes) {
  const figure = document.querySelector("#lag-chart");
  const svg = figure.querySelector("svg");
  const most = Math.max(1000, ...samples.flat().map((lag) => lag ?? 0));
  const x = (index) => WIDTH - ((samples.length - 1 - index) * WIDTH) / (SAMPLES - 1);
  const y = (lag) => HEIGHT - 4 - (lag * (HEIGHT - 18)) / most;
  const shapes = [0.5, 1].flatMap((part) => [
    shape("line", { class: "grid", x1: 0, x2: WIDTH, y1: y(most * part), y2: y(most * part) }),
    shape("text", { x: 2, y: y(most * part) - 2 }, `${((most * part) / 1000).toFixed(1)} s`),
  ]);
  nodes.forEach((_, node) => {
    const points = samples
      .map((sample, index) => [index, sample[node]])
      .filter(([, lag]) => lag !== null && lag !== undefined)
      .map(([index, lag]) => `${x(index).toFixed(1)},${y(lag).toFixed(1)}`);
    shapes.push(shape("polyline", { class: `line-${node % KEYS}`, points: points.join(" ") }));
  });
  svg.replaceChildren(...shapes);
  figure.hidden = false;
}

function drawReads(nodes, whole) {
  const figure = document.querySelector("#reads-chart");
  const svg = figure.querySelector("svg");
  let from = 0;
  const shapes = nodes.map((node, index) => {
    const width = whole === 0 ? 0 : (node.reads * WIDTH) / whole;
    const bar = shape("rect", { class: `fill-${index % KEYS}`, x: from, y: 0, width, height: 24 });
    from += width;
    return bar;
  });
  svg.replaceChildren(...shapes);
  figure.hidden = false;
}

async function update() {
  if (document.hidden) return;
  const response = await fetch("/status");
  if (!response.ok) return;
  const { nodes } = await response.json();
  const whole = nodes.reduce((sum, node) => sum + node.reads, 0);
  samples.push(nodes.map((node) => node.lag_ms));
  samples.splice(0, samples.length - SAMPLES);
  sessionStorage.setItem(KEPT, JSON.stringify(samples));
  fillTable(nodes, whole);
  drawLag(nodes);
  drawReads(nodes, whole);
}

// Each after the one before: a service that is slow gets no more of them.
async function keepUp() {
  try {
    await update();
  } catch {
    // The service is gone for now; the page stays as it is.
  }
  setTimeout(keepUp, 1000);
}

keepUp();

// Counts the processor time of steps and prints the line that `cargo xtask bench --orms` reads.
"use strict";

const { readFileSync } = require("node:fs");

const WARM_UP = 300_000_000;
const ROUNDS = 15;
const ROUND = 10_000_000;

// Results go here, so that no step is optimised away.
let sink;

const LOOPS = {
  sync: async (step, calls) => {
    for (let call = 0; call < calls; call++) sink = step();
  },
  async: async (step, calls) => {
    for (let call = 0; call < calls; call++) sink = await step();
  },
};

async function nanos(loop, step, calls) {
  const start = process.cpuUsage();
  await loop(step, calls);
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / calls;
}

// Warms the step up and returns how many calls fill a round.
async function callsPerRound(loop, step) {
  let [spent, time] = [0, 0];
  while (spent < WARM_UP) {
    time = await nanos(loop, step, 10_000);
    spent += time * 10_000;
  }
  return Math.max(Math.round(ROUND / time), 1);
}

// Not all packages export the file that says their version.
function version(name) {
  const folder = `node_modules/${name}/`;
  const [before] = require.resolve(name).split(folder);
  return JSON.parse(readFileSync(`${before}${folder}package.json`)).version;
}

// The steps take turns, so that whatever else the machine does slows all.
async function report({ name, kind, steps, ...row }) {
  const [loop, calls, times] = [LOOPS[kind], {}, {}];
  for (const [step, run] of Object.entries(steps)) {
    [calls[step], times[step]] = [await callsPerRound(loop, run), []];
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [step, run] of Object.entries(steps)) {
      times[step].push(await nanos(loop, run, calls[step]));
    }
  }
  const median = (all) => all.sort((one, other) => one - other)[all.length >> 1];
  const medians = Object.entries(times).map(([step, all]) => [step, median(all)]);
  const runtime = `Node.js ${process.versions.node}`;
  console.log(JSON.stringify({ ...row, version: version(name), runtime, ...Object.fromEntries(medians) }));
}

module.exports = { report };

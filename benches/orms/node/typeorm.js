// The choice of TypeORM's PostgreSQL driver among its pools. Pools that lend at once stand in for those of `pg`.
"use strict";

const assert = require("node:assert");
const { DataSource } = require("typeorm");
const { report } = require("./timing");

const server = (host) => ({ host, username: "app", database: "app" });
const replication = { master: server("primary"), slaves: ["replica1", "replica2", "replica3"].map(server) };

const lends = (connection) => ({ connect: (done) => done(undefined, connection, () => {}) });
const routed = new DataSource({ type: "postgres", replication }).driver;
routed.master = lends("primary");
routed.slaves = [lends("replica"), lends("replica"), lends("replica")];
const alone = new DataSource({ type: "postgres", ...server("primary") }).driver;
alone.master = lends("primary");

async function main() {
  assert.equal((await routed.obtainSlaveConnection())[0], "replica");
  assert.equal((await routed.obtainMasterConnection())[0], "primary");
  await report({
    router: "TypeORM",
    step: "replication",
    name: "typeorm",
    guarantee: "none; SELECTs of query builders go to a replica, outside transactions; one is pinned by hand (createQueryRunner)",
    kind: "async",
    steps: {
      alone: () => alone.obtainMasterConnection(),
      read: () => routed.obtainSlaveConnection(),
      write: () => routed.obtainMasterConnection(),
    },
  });
}

main();

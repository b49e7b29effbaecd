// The choice between Sequelize's pools of readers and of writers. Pools that lend at once stand in for its own.
"use strict";

const assert = require("node:assert");
const { Sequelize } = require("sequelize");
const { report } = require("./timing");

const options = { dialect: "postgres", logging: false };
const server = (host) => ({ host, username: "app", database: "app" });
const replication = { write: server("primary"), read: ["replica1", "replica2", "replica3"].map(server) };

const lends = (connection) => ({ acquire: async () => connection });
const routed = new Sequelize({ ...options, replication }).connectionManager;
routed.pool.read = lends("reader");
routed.pool.write = lends("writer");
const alone = new Sequelize({ ...options, ...server("primary") }).connectionManager;
alone.pool = lends("writer");

async function main() {
  assert.equal(await routed.pool.acquire("SELECT"), "reader");
  assert.equal(await routed.pool.acquire("UPDATE"), "writer");
  await report({
    router: "Sequelize",
    step: "replication",
    name: "sequelize",
    guarantee: "none; by the query's declared type; a read is pinned by hand (useMaster)",
    kind: "async",
    steps: {
      alone: () => alone.pool.acquire("SELECT"),
      read: () => routed.pool.acquire("SELECT"),
      write: () => routed.pool.acquire("UPDATE"),
    },
  });
}

main();

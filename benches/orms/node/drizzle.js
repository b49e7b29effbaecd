// `withReplicas`, up to the query builder of the database that was chosen. No database connects.
"use strict";

const assert = require("node:assert");
const { drizzle } = require("drizzle-orm/node-postgres");
const { pgTable, serial, withReplicas } = require("drizzle-orm/pg-core");
const { report } = require("./timing");

const users = pgTable("users", { id: serial("id").primaryKey() });
const [primary, ...replicas] = [0, 1, 2, 3].map(() => drizzle.mock());
const routed = withReplicas(primary, replicas);

const { session } = routed.select();
assert(replicas.some((replica) => replica.session === session));
assert(primary.session === routed.update(users).session);
report({
  router: "Drizzle",
  step: "withReplicas",
  name: "drizzle-orm",
  guarantee: "none; SELECT ... FOR UPDATE and with(..).update go to a replica too; a read is pinned by hand ($primary)",
  kind: "sync",
  steps: {
    alone: () => primary.select(),
    read: () => routed.select(),
    write: () => routed.update(users),
  },
});

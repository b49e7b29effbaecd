# frozen_string_literal: true

# `connected_to`, up to the pool of its role.

require_relative "records"
require_relative "timing"

BASE = ActiveRecord::Base
read = -> { BASE.connected_to(role: :reading) { BASE.connection_pool } }
write = -> { BASE.connected_to(role: :writing) { BASE.connection_pool } }
raise "a read is routed wrongly" unless read.call.db_config.replica?
raise "a write is routed wrongly" unless write.call.db_config.name == "primary"

Timing.report(
  router: "Active Record",
  step: "connected_to",
  version: ActiveRecord.version.to_s,
  guarantee: "none; each block names its role; a write on a replica is refused by a look at its SQL",
  steps: { alone: -> { BASE.connection_pool }, read: read, write: write },
)

# frozen_string_literal: true

# The resolver of `ActiveRecord::Middleware::DatabaseSelector`, called as the middleware does for each request, in the
# session of a user who wrote a minute ago.

require "active_record/middleware/database_selector"

require_relative "records"
require_relative "timing"

BASE = ActiveRecord::Base
SELECTOR = ActiveRecord::Middleware::DatabaseSelector
Request = Struct.new(:session)

def resolver(request)
  SELECTOR::Resolver.call(SELECTOR::Resolver::Session.call(request))
end

def milliseconds(time)
  SELECTOR::Resolver::Session.convert_time_to_timestamp(time)
end

earlier = Request.new({ last_write: milliseconds(Time.now - 60) })
just_now = Request.new({ last_write: milliseconds(Time.now) })
writes = Request.new({})
read = -> { resolver(earlier).read { BASE.connection_pool } }
write = -> { resolver(writes).write { BASE.connection_pool } }
raise "a read is routed wrongly" unless read.call.db_config.replica?
soon = resolver(just_now).read { BASE.connection_pool }
raise "a read after a write is routed wrongly" unless soon.db_config.name == "primary"
raise "a write is routed wrongly" unless write.call.db_config.name == "primary"

Timing.report(
  router: "Active Record",
  step: "DatabaseSelector",
  version: ActiveRecord.version.to_s,
  guarantee: "own writes, while replicas are less than 2 s behind: until then a user's requests read on the primary",
  steps: { alone: -> { BASE.connection_pool }, read: read, write: write },
)

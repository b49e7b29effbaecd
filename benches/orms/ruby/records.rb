# frozen_string_literal: true

# One database for each role of Active Record; a pool connects when a connection is taken, which nothing does here.

require "active_record"

ActiveRecord::Base.legacy_connection_handling = false if ActiveRecord::VERSION::MAJOR < 7

memory = { adapter: "sqlite3", database: ":memory:" }
ActiveRecord::Base.configurations = { "default_env" => { "primary" => memory, "replica" => memory.merge(replica: true) } }
ActiveRecord::Base.connects_to(database: { writing: :primary, reading: :replica })


# frozen_string_literal: true

# Counts the processor time of steps and prints the line that `cargo xtask bench --orms` reads.

require "json"

module Timing
  WARM_UP = 0.3
  ROUNDS = 15
  ROUND = 0.01

  def self.nanos(step, calls)
    start = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond)
    calls.times { step.call }
    (Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond) - start).fdiv(calls)
  end

  # Warms the step up and returns how many calls fill a round.
  def self.calls_per_round(step)
    spent = time = 0
    while spent < WARM_UP * 1e9
      time = nanos(step, 100)
      spent += time * 100
    end
    [(ROUND * 1e9 / time).round, 1].max
  end

  # The steps take turns, so that whatever else the machine does slows all.
  def self.report(steps:, **row)
    calls = steps.transform_values { |step| calls_per_round(step) }
    times = steps.transform_values { [] }
    ROUNDS.times { steps.each { |name, step| times[name] << nanos(step, calls[name]) } }
    medians = times.transform_values { |all| all.sort[all.size / 2] }
    puts JSON.generate(row.merge(runtime: "Ruby #{RUBY_VERSION}", **medians))
  end
end

//! Charts in SVG, made by templates: bars and lines need no library.

use maud::{Markup, html};

use super::made::as_float;
use super::{Latency, Reads, Second};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 180.0;
/// The room for numbers left of lines, and below.
const MARGIN: f64 = 48.0;
/// The height of one bar with the space to the next.
const BAR: f64 = 22.0;
/// The room for the names of bars.
const NAMES: f64 = 230.0;
/// The room for numbers right of bars.
const NUMBERS: f64 = 150.0;

/// Returns a bar for each kind of read, node and reason.
pub(super) fn reads(reads: &[Reads]) -> Markup {
    let bars: Vec<_> = reads
        .iter()
        .map(|reads| {
            let kind = reads.kind.trim_start_matches("read ");
            Bar {
                name: format!("{kind}, {}", reads.node),
                class: if reads.reason == "caught_up" {
                    "a"
                } else {
                    "b"
                },
                parts: vec![as_float(reads.count)],
                text: format!("{} {}", reads.count, reads.reason),
            }
        })
        .collect();
    bars_of(&bars, "Reads by level, node and reason")
}

/// Returns a bar for the median and one for the 99th percentile of each kind of act and node.
pub(super) fn latencies(latencies: &[Latency]) -> Markup {
    let bars: Vec<_> = latencies
        .iter()
        .map(|latency| Bar {
            name: format!("{}, {}", latency.kind, latency.node),
            class: "a",
            parts: vec![latency.p50_ms, (latency.p99_ms - latency.p50_ms).max(0.0)],
            text: format!("{:.2} / {:.2} ms", latency.p50_ms, latency.p99_ms),
        })
        .collect();
    bars_of(
        &bars,
        "Latency by act and node: median, and 99th percentile",
    )
}

/// Returns lines of reads, writes and errors over time.
pub(super) fn timeline(seconds: &[Second]) -> Markup {
    let highest = seconds
        .iter()
        .map(|second| second.reads.max(second.writes).max(second.errors))
        .max()
        .unwrap_or(0)
        .max(1);
    let last = seconds.len().saturating_sub(1).max(1);
    let x = |index: usize| {
        MARGIN + (WIDTH - MARGIN - 8.0) * as_float(index as u64) / as_float(last as u64)
    };
    let y = |count: u64| HEIGHT - 24.0 - (HEIGHT - 40.0) * as_float(count) / as_float(highest);
    let line = |of: fn(&Second) -> u64| {
        let points = seconds.iter().enumerate();
        let points = points.map(|(index, second)| format!("{:.1},{:.1}", x(index), y(of(second))));
        points.collect::<Vec<_>>().join(" ")
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label="Acts a second over time" {
            line class="axis" x1=(MARGIN) y1=(y(0)) x2=(WIDTH - 8.0) y2=(y(0)) {}
            line class="axis" x1=(MARGIN) y1=(y(highest)) x2=(WIDTH - 8.0) y2=(y(highest)) {}
            text x=(MARGIN - 6.0) y=(y(0) + 4.0) text-anchor="end" { "0" }
            text x=(MARGIN - 6.0) y=(y(highest) + 4.0) text-anchor="end" { (highest) }
            text x=(MARGIN) y=(HEIGHT - 6.0) { "0 s" }
            text x=(WIDTH - 8.0) y=(HEIGHT - 6.0) text-anchor="end" { (last) " s" }
            polyline class="line a" points=(line(|second| second.reads)) {}
            polyline class="line b" points=(line(|second| second.writes)) {}
            polyline class="line c" points=(line(|second| second.errors)) {}
        }
    }
}

struct Bar {
    name: String,
    class: &'static str,
    /// The lengths of its parts, one after the other.
    parts: Vec<f64>,
    /// The text behind it.
    text: String,
}

fn bars_of(bars: &[Bar], title: &str) -> Markup {
    let longest = bars
        .iter()
        .map(|bar| bar.parts.iter().sum::<f64>())
        .fold(f64::MIN_POSITIVE, f64::max);
    let height = BAR * as_float(bars.len() as u64) + 4.0;
    let room = WIDTH - NAMES - NUMBERS;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(title) {
            @for (index, bar) in bars.iter().enumerate() {
                @let y = BAR * as_float(index as u64);
                text x=(NAMES - 8.0) y=(y + 15.0) text-anchor="end" { (bar.name) }
                @let ends = ends(bar, room / longest);
                @for (part, (from, to)) in ends.iter().enumerate() {
                    rect class=(format!("{} p{part}", bar.class)) x=(format!("{:.1}", NAMES + from)) y=(y + 4.0)
                        width=(format!("{:.1}", (to - from).max(0.5))) height=(BAR - 8.0) {}
                }
                @let end = ends.last().map_or(0.0, |(_, to)| *to);
                text x=(format!("{:.1}", NAMES + end + 6.0)) y=(y + 15.0) { (bar.text) }
            }
        }
    }
}

/// Returns where a bar's parts begin and end.
fn ends(bar: &Bar, scale: f64) -> Vec<(f64, f64)> {
    let mut at = 0.0;
    let mut ends = Vec::new();
    for part in &bar.parts {
        let to = at + part * scale;
        ends.push((at, to));
        at = to;
    }
    ends
}

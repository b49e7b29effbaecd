//! The report as a page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Report, charts};

const STYLE: &str = "
:root { color-scheme: light dark; --a: #2266aa; --b: #dd8833; --c: #cc3333; --soft: #8886; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid var(--soft); vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: currentColor; }
.a { fill: var(--a); } .b { fill: var(--b); } .c { fill: var(--c); } .p1 { opacity: .4; }
.line { fill: none; stroke-width: 2; } .line.a { stroke: var(--a); } .line.b { stroke: var(--b); } .line.c { stroke: var(--c); }
.axis { stroke: var(--soft); }
.verdict { padding: .6rem 1rem; border-left: .4rem solid; } .good { border-color: #2a8a4a; } .bad { border-color: var(--c); }
.key { display: inline-block; width: .8em; height: .8em; margin-left: 1em; }
.key.a { background: var(--a); } .key.b { background: var(--b); } .key.c { background: var(--c); }
";

/// Returns the page.
pub(super) fn page(report: &Report) -> Markup {
    let is_good = report.violations.is_empty() && report.shows_nothing().is_none();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Verification of " (report.subject) " on " (report.servers) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Verification of " (report.subject) " on " (report.servers) }
                p.verdict.good[is_good].bad[!is_good] { (report.verdict()) }
                p {
                    (report.started) ", " (report.clients) " clients for " (format!("{:.1}", report.seconds)) " s"
                    @if report.interrupted { " (interrupted)" }
                    ", " (report.acts) " acts (" (format!("{:.0}", report.throughput)) " a second), "
                    (report.failed) " failed; seed " (report.seed) "; version " (report.version)
                }
                (violations(report))
                (list("Not checked", &report.not_checked))
                (list("Leftovers", &report.leftover_text()))
                h2 {
                    "Acts a second"
                    span.key.a {} " reads" span.key.b {} " writes and locks" span.key.c {} " errors"
                }
                (charts::timeline(&report.timeline))
                h2 { "Reads by node and reason" }
                (charts::reads(&report.reads))
                h2 { "Latencies: median, and 99th percentile" }
                (charts::latencies(&report.latencies))
                (table(&report.latency_rows()))
                h2 { "Settings seen on the pools' connections" }
                (table(&report.pool_rows()))
                h2 { "Seen in the nodes' lists of what they run" }
                (table(&report.activity_rows()))
                h2 { "Errors" }
                (table(&report.error_rows()))
            }
        }
    }
}

fn violations(report: &Report) -> Markup {
    html! {
        @if !report.violations.is_empty() {
            h2 { "Violations" }
            table {
                tr { th { "kind" } th { "promise" } th { "node" } th { "times" } th { "the first" } }
                @for violation in &report.violations {
                    tr {
                        td { (violation.kind) }
                        td { (violation.what) }
                        td { (violation.node) }
                        td.n { (violation.count) }
                        td { (violation.example) }
                    }
                }
            }
        }
    }
}

fn list(title: &str, lines: &[String]) -> Markup {
    html! {
        @if !lines.is_empty() {
            h2 { (title) }
            ul { @for line in lines { li { (line) } } }
        }
    }
}

/// Returns a table, whose first row is its head.
fn table(rows: &[Vec<String>]) -> Markup {
    let (head, rows) = rows.split_at(rows.len().min(1));
    html! {
        @if rows.is_empty() {
            p { "There is nothing." }
        } @else {
            table {
                @for row in head { tr { @for cell in row { th { (cell) } } } }
                @for row in rows {
                    tr { @for cell in row { td.n[cell.parse::<f64>().is_ok()] { (cell) } } }
                }
            }
        }
    }
}

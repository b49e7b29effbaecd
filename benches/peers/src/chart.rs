//! Charts in SVG.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use plotters::coord::ranged1d::IntoSegmentedCoord;
use plotters::prelude::*;

use crate::options::ServerKind;
use crate::side::{ORACLE, OURS};
use crate::summary::{Group, Line, Summary};
use crate::turn::Scenario;

const SIZE: (u32, u32) = (760, 420);
/// The room for the legend beside the plot.
const LEGEND: u32 = 210;

/// The sides that are drawn: one of each kind, in the variant without a ping.
const DRAWN: [(&str, RGBColor); 17] = [
    (OURS, RGBColor(200, 30, 30)),
    ("diesel-routing, tokens", RGBColor(240, 130, 90)),
    (ORACLE, RGBColor(30, 30, 30)),
    ("bb8, primary", RGBColor(120, 120, 120)),
    ("bb8, replica", RGBColor(170, 150, 60)),
    ("bb8, window 2 s", RGBColor(110, 80, 30)),
    ("PgBouncer", RGBColor(30, 90, 190)),
    ("HAProxy", RGBColor(30, 150, 130)),
    ("Pgpool-II", RGBColor(130, 70, 180)),
    ("Pgpool-II, always", RGBColor(200, 120, 210)),
    ("PgDog", RGBColor(90, 170, 30)),
    ("PgCat", RGBColor(60, 110, 60)),
    ("ProxySQL", RGBColor(30, 90, 190)),
    ("ProxySQL, causal reads", RGBColor(110, 160, 230)),
    ("MaxScale", RGBColor(130, 70, 180)),
    ("MaxScale, global", RGBColor(200, 120, 210)),
    ("MaxScale, fast_global", RGBColor(90, 170, 30)),
];

/// Draws what there is enough of for a chart; returns the files.
pub(crate) fn draw(summary: &Summary, dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for groups in families(summary) {
        let name = name(groups[0].scenario);
        let mut add = |kind: &str| {
            let file = dir.join(format!("{kind}-{name}.svg"));
            files.push(file.clone());
            file
        };
        let title = title(groups[0].scenario);
        if groups.len() > 1 {
            let rate: Value = |line| line.rate.median / 1e3;
            by_clients(
                &add("throughput"),
                &format!("Thousands of reads and writes a second, {title}"),
                &groups,
                rate,
            )?;
            let p50: Value = |line| line.read_p50_us.median / 1e3;
            by_clients(
                &add("p50"),
                &format!("Median of a read in ms, {title}"),
                &groups,
                p50,
            )?;
            let p99: Value = |line| line.read_p99_us.median / 1e3;
            by_clients(
                &add("p99"),
                &format!("99th percentile of a read in ms, {title}"),
                &groups,
                p99,
            )?;
        }
        // The widest: with more clients, there is more to be stale.
        if let Some(group) = groups.iter().max_by_key(|group| group.scenario.clients) {
            let clients = group.scenario.clients;
            let title = format!(
                "Reads off the primary and stale own reads in %, {title}, {clients} clients"
            );
            off_and_stale(&add("offload"), &title, group)?;
        }
    }
    Ok(files)
}

type Value = fn(&Line) -> f64;

/// Returns the groups that differ in nothing but the number of clients together.
fn families(summary: &Summary) -> Vec<Vec<&Group>> {
    let mut families: Vec<Vec<&Group>> = Vec::new();
    for group in &summary.groups {
        let of_family = |other: &Scenario| {
            Scenario {
                clients: group.scenario.clients,
                ..*other
            } == group.scenario
        };
        match families
            .iter_mut()
            .find(|family| of_family(&family[0].scenario))
        {
            Some(family) => family.push(group),
            None => families.push(vec![group]),
        }
    }
    for family in &mut families {
        family.sort_by_key(|group| group.scenario.clients);
    }
    families
}

fn name(scenario: Scenario) -> String {
    let mut name = match scenario.servers {
        ServerKind::Postgres => String::new(),
        ServerKind::MariaDb => "mariadb-".into(),
    };
    name.push_str(&format!(
        "delay-{}us-lag-{}ms",
        scenario.delay_us, scenario.lag_ms
    ));
    if scenario.think_us > 0 {
        name.push_str(&format!("-think-{}us", scenario.think_us));
    }
    if let Some(rate) = scenario.open_loop {
        name.push_str(&format!("-rate-{rate}"));
    }
    if scenario.sidecar {
        name.push_str("-sidecar");
    }
    name
}

fn title(scenario: Scenario) -> String {
    let delay = match scenario.delay_us {
        0 => "no delay".into(),
        micros => format!("{} ms each way", micros as f64 / 1e3),
    };
    let lag = match scenario.lag_ms {
        0 => "replicas close behind".into(),
        millis => format!("replicas {millis} ms behind"),
    };
    format!("{}, {delay}, {lag}", scenario.servers)
}

/// Draws a line for each side, over the number of clients.
fn by_clients(file: &Path, title: &str, groups: &[&Group], value: Value) -> Result<()> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let (plot, legend) = root.split_horizontally(SIZE.0 - LEGEND);
    let sides = drawn(groups);
    let values = groups
        .iter()
        .flat_map(|group| sides.iter().filter_map(|(side, _)| group.line(side)))
        .map(value);
    let top = values.fold(0.0, f64::max) * 1.1;
    let last = groups.len() - 1;
    let mut chart = ChartBuilder::on(&plot)
        .caption(title, ("sans-serif", 15))
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(48)
        .build_cartesian_2d((0..last).into_segmented(), 0.0..top)
        .map_err(failed)?;
    // By name, not by distance: 128 clients would press 8 and 32 together.
    let clients = |at: &SegmentValue<usize>| match at {
        SegmentValue::CenterOf(index) => groups
            .get(*index)
            .map(|group| group.scenario.clients.to_string())
            .unwrap_or_default(),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .x_desc("clients")
        .x_label_formatter(&clients)
        .disable_x_mesh()
        .max_light_lines(1)
        .draw()
        .map_err(failed)?;
    for (side, color) in &sides {
        let points: Vec<_> = groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| {
                let line = group.line(side)?;
                Some((SegmentValue::CenterOf(index), value(line)))
            })
            .collect();
        let width = if *side == OURS { 3 } else { 2 };
        let dots = points
            .iter()
            .map(|point| Circle::new(point.clone(), 3, color.filled()));
        chart.draw_series(dots).map_err(failed)?;
        chart
            .draw_series(LineSeries::new(points, color.stroke_width(width)))
            .map_err(failed)?;
    }
    explain(&legend, &sides)?;
    root.present().map_err(failed)
}

/// Draws a point for each side: stale own reads, and reads kept off the primary.
fn off_and_stale(file: &Path, title: &str, group: &Group) -> Result<()> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let (plot, legend) = root.split_horizontally(SIZE.0 - LEGEND);
    let sides = drawn(&[group]);
    let stale = |line: &Line| 100.0 * line.stale as f64 / line.own_reads.max(1) as f64;
    let worst = group.lines.iter().map(stale).fold(1.0, f64::max);
    let mut chart = ChartBuilder::on(&plot)
        .caption(title, ("sans-serif", 14))
        .margin(8)
        .x_label_area_size(34)
        .y_label_area_size(48)
        .build_cartesian_2d(-worst * 0.05..worst * 1.1, -5.0..105.0)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .x_desc("own reads without the last write, %")
        .y_desc("reads off the primary, %")
        .x_label_formatter(&|share| format!("{share:.0}"))
        .y_label_formatter(&|share| format!("{share:.0}"))
        .max_light_lines(1)
        .draw()
        .map_err(failed)?;
    for (side, color) in &sides {
        let points = group.line(side).into_iter().map(|line| {
            let at = (stale(line), 100.0 * line.off_primary.median);
            let size = if *side == OURS { 8 } else { 6 };
            Circle::new(at, size, color.stroke_width(3))
        });
        chart.draw_series(points).map_err(failed)?;
    }
    explain(&legend, &sides)?;
    root.present().map_err(failed)
}

/// Returns the sides that there is something to draw of.
fn drawn(groups: &[&Group]) -> Vec<(&'static str, RGBColor)> {
    let has = |side: &str| groups.iter().any(|group| group.line(side).is_some());
    DRAWN.into_iter().filter(|(side, _)| has(side)).collect()
}

fn explain(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    sides: &[(&str, RGBColor)],
) -> Result<()> {
    for (at, (side, color)) in (40..).step_by(22).zip(sides) {
        let square = Rectangle::new([(8, at), (20, at + 12)], color.filled());
        area.draw(&square).map_err(failed)?;
        let text = Text::new((*side).to_owned(), (28, at), ("sans-serif", 14));
        area.draw(&text).map_err(failed)?;
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    // The crate's errors are of too many types.
    anyhow!("could not draw: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::Turn;

    fn turn(side: &str, clients: u32, rate: f64) -> Turn {
        Turn {
            scenario: Scenario {
                clients,
                ..Scenario::default()
            },
            side: side.into(),
            round: 0,
            rate,
            reads: 100,
            read_p50_us: 100.0,
            read_p99_us: 300.0,
            write_p50_us: 100.0,
            own_reads: 10,
            stale: 3,
            back: 0,
            off_primary: 0.9,
            client_us: 50.0,
            program_us: 0.0,
            servers_us: 0.0,
        }
    }

    #[test]
    fn charts_show_each_side_that_was_measured_and_no_other() {
        let mut turns = Vec::new();
        for clients in [8, 32] {
            turns.push(turn(OURS, clients, 1000.0));
            turns.push(turn("HAProxy", clients, 900.0));
        }
        let dir = tempfile::tempdir().unwrap();
        let files = draw(&Summary::of(&turns), dir.path()).unwrap();
        assert_eq!(files.len(), 4, "{files:?}");
        for file in files {
            let svg = std::fs::read_to_string(&file).unwrap();
            assert!(svg.contains(OURS) && svg.contains("HAProxy"), "{file:?}");
            assert!(!svg.contains("PgBouncer"), "{file:?}");
        }
    }

    #[test]
    fn charts_of_one_kind_of_servers_do_not_replace_those_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let turns = [ServerKind::Postgres, ServerKind::MariaDb].map(|servers| Turn {
            scenario: Scenario {
                servers,
                ..Scenario::default()
            },
            ..turn(OURS, 8, 1.0)
        });
        let mut files = draw(&Summary::of(&turns), dir.path()).unwrap();
        files.sort_unstable();
        files.dedup();
        assert_eq!(files.len(), 2);
        let svg = std::fs::read_to_string(&files[1]).unwrap();
        assert!(svg.contains("MariaDB"), "{files:?}");
    }

    #[test]
    fn one_number_of_clients_makes_no_line() {
        let dir = tempfile::tempdir().unwrap();
        let files = draw(&Summary::of(&[turn(OURS, 8, 1.0)]), dir.path()).unwrap();
        let names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
        assert_eq!(names, ["offload-delay-0us-lag-0ms.svg"]);
    }
}

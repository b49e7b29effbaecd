//! The picture: all nodes on a screen of their own, redrawn as reports come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, SystemTime};

use diesel_routing::Health;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Sparkline, SparklineBar};
use ratatui::{DefaultTerminal, Frame};

use super::Reports;
use super::history::History;
use crate::failure::{Failure, Outcome};
use crate::survey::{NodeReport, Report, lag_words};

/// The longest that a report waits to be drawn. Chosen.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Draws until the user leaves. The terminal is as it was afterwards, and after a panic.
pub(super) fn run(
    reports: &Reports,
    names: &[String],
    interval: Duration,
    stopped: &AtomicBool,
) -> Result<Outcome, Failure> {
    let mut terminal = ratatui::try_init()?;
    let screen = Screen::new(names, interval);
    let outcome = draw_all(&mut terminal, reports, screen, stopped);
    ratatui::try_restore()?;
    outcome
}

fn draw_all(
    terminal: &mut DefaultTerminal,
    reports: &Reports,
    mut screen: Screen,
    stopped: &AtomicBool,
) -> Result<Outcome, Failure> {
    terminal.draw(|frame| screen.draw(frame))?;
    loop {
        if stopped.load(Ordering::Relaxed) {
            return Ok(Outcome::Interrupted);
        }
        let mut is_news = match reports.try_recv() {
            Ok(report) => {
                screen.add(report);
                true
            }
            Err(TryRecvError::Empty) => false,
            Err(TryRecvError::Disconnected) => {
                return Err(Failure::Other("nobody asks the nodes any more".to_owned()));
            }
        };
        if event::poll(LOOK_EVERY)? {
            match event::read()? {
                Event::Key(key) if ends(key) => return Ok(Outcome::Fine),
                Event::Key(key) => is_news |= screen.scroll(key.code),
                Event::Resize(..) => is_news = true,
                _ => {}
            }
        }
        if is_news {
            terminal.draw(|frame| screen.draw(frame))?;
        }
    }
}

/// Returns whether a key ends the command: `q`, Escape and Ctrl-C, which is a key like any other here.
fn ends(key: KeyEvent) -> bool {
    let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind != KeyEventKind::Release
        && match key.code {
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => true,
            KeyCode::Char('c' | 'd') => with_control,
            _ => false,
        }
}

/// The contents of the screen.
struct Screen {
    names: Vec<String>,
    interval: Duration,
    history: History,
    report: Option<Report>,
    /// The nodes above the first that is shown.
    skipped: usize,
}

/// The rows of a node: its line, its picture, and a blank.
const ROWS: u16 = 3;

/// The columns from which on a node's line has its position, and its server. Chosen by their lengths.
const WIDE: u16 = 72;
const WIDEST: u16 = 100;

impl Screen {
    fn new(names: &[String], interval: Duration) -> Self {
        Self {
            names: names.to_vec(),
            interval,
            history: History::default(),
            report: None,
            skipped: 0,
        }
    }

    fn add(&mut self, report: Report) {
        self.history.add(&report);
        self.report = Some(report);
    }

    /// Scrolls if the key does that, and returns whether it does.
    fn scroll(&mut self, key: KeyCode) -> bool {
        let last = self.names.len().saturating_sub(1);
        self.skipped = match key {
            KeyCode::Down | KeyCode::Char('j') => self.skipped.saturating_add(1),
            KeyCode::Up | KeyCode::Char('k') => self.skipped.saturating_sub(1),
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => return false,
        }
        .min(last);
        true
    }

    fn draw(&self, frame: &mut Frame<'_>) {
        let [head, nodes, foot] = Layout::vertical([
            Constraint::Length(2),
            Constraint::Fill(1),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        frame.render_widget(Paragraph::new(self.head()), head);
        match &self.report {
            Some(report) => self.draw_nodes(report, frame, nodes),
            None => frame.render_widget(Paragraph::new(self.asking()), nodes),
        }
        let foot_line = Line::from("q quit  \u{2191}\u{2193} scroll").dim();
        frame.render_widget(Paragraph::new(foot_line), foot);
    }

    fn head(&self) -> Line<'static> {
        let interval = humantime::format_duration(self.interval);
        let title = Span::from("diesel-routing").bold();
        let Some(report) = &self.report else {
            return Line::from(vec![title, format!("  every {interval}").dim()]);
        };
        let when = time_of_day(report.at);
        let mut spans = vec![title, format!("  {when}  every {interval}").dim()];
        if let Some(words) = report.lacks.or(report.refused.as_deref()) {
            spans.push(format!("  {words}").red());
        }
        Line::from(spans)
    }

    fn asking(&self) -> String {
        format!("asking {} ..", self.names.join(", "))
    }

    fn draw_nodes(&self, report: &Report, frame: &mut Frame<'_>, area: Rect) {
        let shown = usize::from(area.height / ROWS);
        // At the end there is no more room than nodes.
        let skipped = self.skipped.min(report.nodes.len().saturating_sub(shown));
        let names = report.nodes.iter().map(|node| node.name.chars().count());
        let widest = names.max().unwrap_or(0);
        let nodes = report.nodes.iter().skip(skipped);
        for (index, node) in (0..).zip(nodes) {
            let top: u16 = area.y + ROWS * index;
            if top + 1 >= area.bottom() {
                break;
            }
            let row = |y: u16| Rect::new(area.x, y, area.width, 1);
            let line = line(node, widest, area.width);
            frame.render_widget(Paragraph::new(line), row(top));
            self.draw_lags(node, frame, row(top + 1));
        }
    }

    /// Draws a node's lags over time, or the words on what is wrong with it.
    fn draw_lags(&self, node: &NodeReport, frame: &mut Frame<'_>, area: Rect) {
        if let Some(words) = node.problem.as_ref().or(node.notice.as_ref()) {
            let words = format!("  {words}");
            let style = if node.problem.is_some() {
                Style::new().red()
            } else {
                Style::new().yellow()
            };
            frame.render_widget(Paragraph::new(words).style(style), area);
            return;
        }
        // The most that it lagged stands behind the picture.
        let [_, picture, _, most] = Layout::horizontal([
            Constraint::Length(2),
            Constraint::Fill(1),
            Constraint::Length(1),
            Constraint::Length(10),
        ])
        .areas(area);
        let lags = self.history.newest(&node.name, usize::from(picture.width));
        let Some(max) = lags.iter().flatten().max().filter(|max| **max > 0) else {
            return;
        };
        let bars = lags.iter().copied().map(SparklineBar::from);
        let sparkline = Sparkline::default()
            .data(bars.collect::<Vec<_>>())
            .absent_value_symbol("\u{b7}")
            .style(Style::new().cyan());
        frame.render_widget(sparkline, picture);
        #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
        let words = format!("max {}", lag_words(*max as f64 / 1000.0));
        frame.render_widget(Paragraph::new(words.dim()), most);
    }
}

/// Returns a node's line, with as much as fits.
fn line(node: &NodeReport, widest: usize, width: u16) -> Line<'static> {
    let name = format!("{:<widest$}", node.name);
    let health = node.health.to_string();
    let health = match node.health {
        Health::Up => health.green(),
        Health::Down | Health::Excluded => health.red(),
        _ => health.yellow(),
    };
    let role = node.role.clone().unwrap_or_default();
    let mut spans = vec![
        name.bold(),
        format!("  {role:<7}  ").into(),
        health,
        format!("  {:<6}", node.lag()).into(),
    ];
    if width >= WIDE {
        let position = node.short_position.clone().unwrap_or_default();
        spans.push(format!("  {position}").into());
    }
    if width >= WIDEST {
        spans.push(format!("  {}", node.server()).dim());
    }
    Line::from(spans)
}

/// Returns the time of day, in UTC.
fn time_of_day(at: SystemTime) -> String {
    let text = humantime::format_rfc3339_seconds(at).to_string();
    match text.split_once('T') {
        Some((_, time)) => time.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests;

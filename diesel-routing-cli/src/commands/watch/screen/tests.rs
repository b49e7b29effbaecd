use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

fn report() -> Report {
    let node = |name: &str, role: &str, lag: f64| NodeReport {
        name: name.to_owned(),
        role: Some(role.to_owned()),
        health: Health::Up,
        lag_seconds: Some(lag),
        position: Some("0/302D480".to_owned()),
        short_position: Some("0/302D480 (timeline 1)".to_owned()),
        kind: Some("PostgreSQL".to_owned()),
        version: Some("15.18".to_owned()),
        ..NodeReport::default()
    };
    Report {
        at: SystemTime::UNIX_EPOCH,
        nodes: vec![
            node("db-1", "primary", 0.0),
            node("db-2", "replica", 1.5),
            NodeReport {
                name: "db-3".to_owned(),
                health: Health::Down,
                problem: Some("connecting: refused".to_owned()),
                ..NodeReport::default()
            },
        ],
        lacks: None,
        refused: None,
    }
}

fn drawn(screen: &Screen, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal
        .draw(|frame| screen.draw(frame))
        .expect("a picture");
    let buffer = terminal.backend().buffer();
    let rows = buffer.content().chunks(usize::from(width)).map(|cells| {
        let row: String = cells.iter().map(|cell| cell.symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn screen() -> Screen {
    let names = ["db-1", "db-2", "db-3"].map(str::to_owned);
    Screen::new(&names, Duration::from_secs(1))
}

#[test]
fn before_the_first_report_it_says_whom_it_asks() {
    let text = drawn(&screen(), 60, 8);
    assert!(text.contains("asking db-1, db-2, db-3 .."), "{text}");
}

#[test]
fn all_that_is_known_is_there_where_there_is_room() {
    let mut screen = screen();
    for lag in [0.25, 0.0, 1.0] {
        let mut report = report();
        report.nodes[1].lag_seconds = Some(lag);
        screen.add(report);
    }
    screen.add(report());
    let text = drawn(&screen, 110, 14);
    let expected = "\
diesel-routing  00:00:00Z  every 1s

db-1  primary  up  0       0/302D480 (timeline 1)  PostgreSQL 15.18


db-2  replica  up  1.5s    0/302D480 (timeline 1)  PostgreSQL 15.18
  \u{2581} \u{2585}\u{2588}                                                                                              max 1.5s

db-3           down
  connecting: refused



q quit  \u{2191}\u{2193} scroll";
    assert_eq!(text, expected, "\n{text}");
}

#[test]
fn forty_columns_have_names_roles_health_and_lag() {
    let mut screen = screen();
    screen.add(report());
    let text = drawn(&screen, 40, 12);
    assert!(text.contains("db-2  replica  up  1.5s"), "{text}");
    assert!(text.contains("max 1.5s"), "{text}");
    assert!(!text.contains("timeline"), "{text}");
}

#[test]
fn a_screen_that_is_too_low_scrolls_to_the_last_node_and_no_further() {
    let mut screen = screen();
    screen.add(report());
    let first = drawn(&screen, 40, 6);
    assert!(first.contains("db-1") && !first.contains("db-3"), "{first}");
    for _ in 0..9 {
        assert!(screen.scroll(KeyCode::Down));
    }
    let last = drawn(&screen, 40, 6);
    assert!(last.contains("db-3") && !last.contains("db-1"), "{last}");
    assert!(!screen.scroll(KeyCode::Char('x')));
}

#[test]
fn any_size_can_be_drawn() {
    let mut screen = screen();
    screen.add(report());
    for (width, height) in [(1, 1), (2, 3), (10, 4), (300, 2), (5, 60)] {
        drawn(&screen, width, height);
    }
}

#[test]
fn keys_that_end_it_are_q_escape_and_control_c() {
    let key = |code, modifiers| KeyEvent::new(code, modifiers);
    for code in [KeyCode::Char('q'), KeyCode::Esc] {
        assert!(ends(key(code, KeyModifiers::NONE)));
    }
    assert!(ends(key(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(!ends(key(KeyCode::Char('c'), KeyModifiers::NONE)));
}

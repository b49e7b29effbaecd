//! The list of events against the page that describes it, and against what the crate's source says elsewhere.

use std::fs;
use std::path::Path;

use super::{Event, heard};

const DIRECTORY: &str = env!("CARGO_MANIFEST_DIR");

/// Returns an event as a row of the page has it: its name, its level and its fields.
fn rows(page: &str) -> Vec<[String; 3]> {
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|');
        [(); 3].map(|()| cells.next().unwrap_or_default().trim().to_owned())
    });
    cells.collect()
}

#[test]
fn the_page_describes_every_event_with_its_level_and_fields_and_no_other() {
    let path = Path::new(DIRECTORY).join("docs/observability/events.md");
    let page = fs::read_to_string(path).unwrap();
    let expected = Event::ALL.iter().map(|event| {
        let fields = event.fields.iter().map(|field| format!("`{field}`"));
        [
            format!("`{}`", event.name),
            event.level.to_string(),
            fields.collect::<Vec<_>>().join(", "),
        ]
    });
    let mut expected: Vec<_> = expected.collect();
    let mut found = rows(&page);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

/// Returns a heading's name in links.
fn anchor(heading: &str) -> String {
    let letters = heading.trim_start_matches('#').trim().chars();
    let kept =
        letters.filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| match letter {
        ' ' => '-',
        letter => letter.to_ascii_lowercase(),
    })
    .collect()
}

#[test]
fn each_link_to_the_runbook_leads_to_a_heading_of_it() {
    let docs = Path::new(DIRECTORY).join("docs");
    let read = |file: &str| fs::read_to_string(docs.join(file)).unwrap();
    let runbook = read("operations.md");
    let headings = runbook.lines().filter(|line| line.starts_with('#'));
    let anchors: Vec<_> = headings.map(anchor).collect();
    let mut links = 0;
    for (page, beginning) in [
        (&runbook, "](#"),
        (&read("observability/events.md"), "](../operations.md#"),
    ] {
        for link in page.split(beginning).skip(1) {
            let link = link.split(')').next().unwrap();
            assert!(anchors.iter().any(|anchor| anchor == link), "{link}");
            links += 1;
        }
    }
    assert!(links > 30, "{links}");
}

#[test]
fn the_runbook_names_no_event_that_there_is_not() {
    let path = Path::new(DIRECTORY).join("docs/operations.md");
    let runbook = fs::read_to_string(path).unwrap();
    let known = |name: &str| Event::ALL.iter().any(|event| event.name == name);
    let (_, alerts) = runbook.split_once("## What to alert on").unwrap();
    let (alerts, _) = alerts.split_once("## Roll-out").unwrap();
    let named = alerts.split('`').skip(1).step_by(2);
    let named = named.filter(|name| {
        name.bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_lowercase())
    });
    let unknown: Vec<_> = named.filter(|name| !known(name)).collect();
    assert_eq!(unknown, [""; 0]);
}

/// Returns the Rust files below a directory, with their text.
fn sources(directory: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
}

#[test]
fn what_operators_hear_stands_in_the_list_alone() {
    let mut found = Vec::new();
    sources(&Path::new(DIRECTORY).join("src"), &mut found);
    assert!(found.len() > 200, "{}", found.len());
    // Not in one piece, or this file would be one of them.
    let heard = ["info", "warn", "error"].map(|level| format!("tracing::{level}!("));
    let strays = found
        .iter()
        .filter(|(_, text)| heard.iter().any(|heard| text.contains(heard)));
    let strays: Vec<_> = strays.map(|(path, _)| path).collect();
    assert_eq!(strays, [""; 0], "an `Event` belongs there");
}

#[test]
fn an_event_carries_its_name_its_fields_and_one_target() {
    let event = Event::NodeDown {
        node: "replica",
        why: "refused",
    };
    assert_eq!(event.name(), "node_down");
    let heard = heard::during(|| event.emit());
    let [heard] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(
        heard,
        "WARN diesel_routing node_down: message=a node gives no answer: it serves nothing until it does \
         event=\"node_down\" node=\"replica\" why=\"refused\""
    );
}

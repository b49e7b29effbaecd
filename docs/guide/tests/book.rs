//! The book is whole: each chapter is listed, its program is compiled, and its links lead somewhere. So do the links of all other pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// Links to pages that are no chapters lead here, since a built book does not have them.
const REPOSITORY: &str = "https://github.com/diesel-routing/diesel-routing/";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn chapters() -> PathBuf {
    root().join("docs/guide/src")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the files under `dir` whose names end in `.md`.
fn pages(dir: &Path) -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            pages.extend(self::pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages
}

fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

fn links(text: &str) -> Vec<String> {
    let links = events(text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some(dest_url.to_string())
        }
        _ => None,
    });
    links.collect()
}

/// Returns the anchors of a page's headings, as GitHub and mdBook name them.
fn anchors(text: &str) -> BTreeSet<String> {
    let (mut anchors, mut heading) = (BTreeSet::new(), None);
    for event in events(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                heading
                    .iter_mut()
                    .for_each(|heading| heading.push_str(&text));
            }
            Event::End(TagEnd::Heading(_)) => {
                let heading = heading.take().unwrap_or_default().to_lowercase();
                let kept = heading
                    .chars()
                    .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
                anchors.insert(kept.collect::<String>().replace(' ', "-"));
            }
            _ => {}
        }
    }
    anchors
}

/// Returns why a link of `page` leads nowhere, if it does.
fn broken(page: &Path, link: &str) -> Option<String> {
    let says = |why: &str| Some(format!("{}: {link}: {why}", page.display()));
    let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
    let is_chapter = page.starts_with(chapters());
    let file = if let Some(path) = target.strip_prefix(REPOSITORY) {
        let path = path
            .strip_prefix("blob/main/")
            .or(path.strip_prefix("tree/main/"));
        root().join(path?)
    } else if target.contains("://") || target.starts_with("mailto:") {
        return None;
    } else if target.is_empty() {
        page.to_owned()
    } else {
        page.parent().expect("a directory").join(target)
    };
    let Ok(file) = file.canonicalize() else {
        return says("there is no such file");
    };
    let leaves_the_book = !file.starts_with(chapters().canonicalize().expect("the chapters"));
    if is_chapter && leaves_the_book && !target.starts_with(REPOSITORY) {
        return says("a built book does not have it: link to the repository");
    }
    if anchor.is_empty() || file.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    (!anchors(&read(&file)).contains(anchor)).then(|| says("there is no such heading"))?
}

#[test]
fn every_link_leads_somewhere() {
    let mut all = pages(&root().join("docs"));
    all.extend(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(|name| root().join(name)));
    let broken: Vec<_> = all
        .iter()
        .flat_map(|page| {
            links(&read(page))
                .into_iter()
                .filter_map(|link| broken(page, &link))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_chapter_is_in_the_summary_and_has_a_program_that_is_compiled() {
    let dir = chapters();
    let listed = links(&read(&dir.join("SUMMARY.md")));
    let there: BTreeSet<_> = pages(&dir)
        .iter()
        .map(|page| {
            page.strip_prefix(&dir)
                .expect("a chapter")
                .display()
                .to_string()
        })
        .filter(|name| name != "SUMMARY.md")
        .collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), there);

    let compiled = read(&root().join("docs/guide/lib.rs"));
    for chapter in listed.iter().filter(|name| *name != "README.md") {
        assert!(
            compiled.contains(&format!("\"{chapter}\"")),
            "lib.rs does not have {chapter}"
        );
        let text = read(&dir.join(chapter));
        let programs = events(&text).filter(|event| {
            let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) = event else {
                return false;
            };
            let words: Vec<_> = language.split(',').collect();
            words[0] == "rust" && !words.contains(&"ignore")
        });
        assert!(programs.count() > 0, "{chapter} has no program");
        // A newcomer copies what GitHub shows, and GitHub hides no line.
        let hidden = text
            .lines()
            .find(|line| line.starts_with("# ") && line.contains(';'));
        assert_eq!(hidden, None, "{chapter} has a hidden line");
    }
}

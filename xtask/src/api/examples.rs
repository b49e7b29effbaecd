//! Which public items an example shows.

use std::collections::HashMap;

use rustdoc_types::{Crate, ItemEnum};

use super::items::PublicItem;

/// What follows the fence where rustdoc takes a block for Rust.
const OF_RUST: [&str; 6] = [
    "",
    "rust",
    "no_run",
    "should_panic",
    "compile_fail",
    "ignore",
];

/// The examples of a package: those in its docs, and those of pages that are tested with it.
#[derive(Debug)]
pub(super) struct Examples {
    blocks: Vec<String>,
    /// Those in the docs of a type or trait, and of its functions, by its path.
    of_owners: HashMap<String, Vec<String>>,
    /// How many types and traits have a function of this name.
    owners: HashMap<String, usize>,
}

impl Examples {
    pub(super) fn of(docs: &Crate, items: &[PublicItem<'_>], pages: &[String]) -> Self {
        let own = docs.index.values().filter(|item| item.crate_id == 0);
        let texts = own.filter_map(|item| item.docs.as_ref()).chain(pages);
        let mut paths: Vec<_> = items
            .iter()
            .filter(|item| item.owner.is_some())
            .map(|item| (item.name(), &item.path))
            .collect();
        paths.dedup();
        let mut of_owners = HashMap::<_, Vec<_>>::new();
        for item in items {
            let owner = item.path.rsplit_once("::").filter(|_| item.owner.is_some());
            let owner = owner.map_or(item.path.as_str(), |(owner, _)| owner);
            let docs = item.item.docs.as_deref().unwrap_or_default();
            of_owners
                .entry(owner.to_owned())
                .or_default()
                .extend(blocks(docs));
        }
        let mut owners = HashMap::new();
        for (name, _) in paths {
            *owners.entry(name.to_owned()).or_default() += 1;
        }
        Self {
            blocks: texts.flat_map(|text| blocks(text)).collect(),
            of_owners,
            owners,
        }
    }

    /// Returns whether an item has an example, or one elsewhere in the package names it. A method counts as named where it is called,
    /// if that is in the docs of its type, or its type is named too, or nothing else in the package has its name. Constants and
    /// modules need none.
    pub(super) fn show(&self, item: &PublicItem<'_>) -> bool {
        let needs_none = matches!(
            item.item.inner,
            ItemEnum::Module(_) | ItemEnum::Constant { .. } | ItemEnum::Static(_)
        );
        let docs = item.item.docs.as_deref().unwrap_or_default();
        if needs_none || !blocks(docs).is_empty() {
            return true;
        }
        let name = item.name();
        let Some(owner) = &item.owner else {
            let shows = |block: &String| names(block, name) || builds(block, name);
            return self.blocks.iter().any(shows);
        };
        let path = item.path.rsplit_once("::").map_or("", |(path, _)| path);
        let own = self.of_owners.get(path).into_iter().flatten();
        let is_known_by_name = self.owners.get(name) == Some(&1);
        let elsewhere = self
            .blocks
            .iter()
            .filter(|block| is_known_by_name || names(block, owner) || builds(block, owner));
        own.chain(elsewhere).any(|block| calls(block, name))
    }
}

/// Returns whether a text makes a builder of this name, by the `builder` of its type.
fn builds(text: &str, name: &str) -> bool {
    let built = name.strip_suffix("Builder");
    built.is_some_and(|built| names(text, built) && calls(text, "builder"))
}

/// Returns the Rust of a text in Markdown.
fn blocks(text: &str) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None::<Option<String>>);
    for line in text.lines() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take().flatten()),
            (Some(info), None) => {
                let mut words = info.split([',', ' ']).map(str::trim);
                let is_rust =
                    words.all(|word| OF_RUST.contains(&word) || word.starts_with("edition"));
                open = Some(is_rust.then(String::new));
            }
            (None, Some(Some(block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    found
}

/// Returns whether a word stands in a text.
fn names(text: &str, word: &str) -> bool {
    occurrences(text, word).next().is_some()
}

/// Returns whether a text calls a function, as `x.name(`, `X::name(` or `x.name::<`, hands it on as `X::name`, or implements it.
fn calls(text: &str, name: &str) -> bool {
    occurrences(text, name).any(|(before, after)| {
        before.ends_with("::")
            || before.ends_with("fn ")
            || before.ends_with('.') && (after.starts_with('(') || after.starts_with("::<"))
    })
}

/// Returns what is before and after each place where a word stands.
fn occurrences<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let places = text.match_indices(word).map(|(at, found)| {
        let (before, rest) = text.split_at(at);
        (before, &rest[found.len()..])
    });
    places.filter(move |(before, after)| !before.ends_with(is_part) && !after.starts_with(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_those_in_rust() {
        let text = "A\n```\nlet a = 1;\n```\n```toml\nb = 2\n```\n```no_run\nc();\n```";
        assert_eq!(blocks(text), ["let a = 1;\n", "c();\n"]);
    }

    #[test]
    fn a_function_is_called_by_its_whole_name() {
        for text in [
            "a.read()",
            "A::read(b)",
            "a.read::<B>()",
            "map(A::read)",
            "fn read(&self)",
        ] {
            assert!(calls(text, "read"), "{text}");
        }
        for text in ["a.read_primary()", "a.spread()", "a.read", "let read = 1;"] {
            assert!(!calls(text, "read"), "{text}");
        }
    }
}

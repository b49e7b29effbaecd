//! The language that all nodes of a router speak.

use diesel_routing_sql::Dialect as Sql;

use super::Node;
use crate::connect::{beginnings, language_of, name_of, scheme_of};
use crate::error::ConfigError;
use crate::server::PoolKind;

/// Returns the language that these nodes speak, by their URLs: one of those that their connections can.
pub(crate) fn language_of_all<'a>(
    nodes: impl Iterator<Item = &'a Node>,
    languages: &[Sql],
) -> Result<Option<Sql>, ConfigError> {
    if let [only] = languages {
        return Ok(Some(*only));
    }
    let mut all = Vec::new();
    for node in nodes {
        for url in node.urls() {
            all.push((node, language_in(node, url, languages)?));
        }
    }
    let mut kinds = all.iter().map(|(_, language)| *language);
    let first = kinds.next();
    if kinds.all(|language| Some(language) == first) {
        return Ok(first);
    }
    all.dedup_by_key(|(node, language)| (&*node.name, *language));
    let nodes = all
        .iter()
        .map(|(node, language)| kind_of(&node.name, *language));
    let nodes = nodes.collect::<Vec<_>>().join(", ");
    Err(ConfigError::MixedDatabases { nodes })
}

/// Checks that a node speaks the language of a router, of which this is another node.
pub(crate) fn check_language(
    node: &Node,
    languages: &[Sql],
    other: &str,
    language: Sql,
) -> Result<(), ConfigError> {
    let found = language_of_all([node].into_iter(), languages)?;
    match found.filter(|found| *found != language) {
        None => Ok(()),
        Some(found) => Err(ConfigError::MixedDatabases {
            nodes: format!(
                "{}, {}",
                kind_of(other, language),
                kind_of(&node.name, found)
            ),
        }),
    }
}

fn kind_of(node: &str, language: Sql) -> String {
    format!("`{node}` is {}", name_of(language))
}

fn language_in(node: &Node, url: &str, languages: &[Sql]) -> Result<Sql, ConfigError> {
    language_of(url, languages).ok_or_else(|| {
        let scheme = match scheme_of(url) {
            Some(scheme) => format!("the scheme `{scheme}`"),
            None => "no scheme".to_owned(),
        };
        let known = beginnings(languages);
        ConfigError::UnknownDatabase {
            node: node.name.clone(),
            scheme: format!("{scheme}, and this router's connections know {known}"),
        }
    })
}

impl Node {
    /// Returns the URLs of its connections, the watcher's first, without repetition.
    fn urls(&self) -> impl Iterator<Item = &str> {
        let mut urls = vec![self.url_of(None)];
        urls.extend(PoolKind::ALL.map(|pool| self.url_of(Some(pool))));
        urls.dedup();
        urls.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Sql] = &[Sql::Postgres, Sql::Mysql, Sql::Sqlite];

    fn language(nodes: &[Node]) -> Result<Option<Sql>, String> {
        language_of_all(nodes.iter(), ALL).map_err(|error| error.to_string())
    }

    #[test]
    fn nodes_of_one_kind_have_its_language() {
        let nodes = [Node::new("a", "mysql://a"), Node::new("b", "mysql://b")];
        assert_eq!(language(&nodes), Ok(Some(Sql::Mysql)));
        assert_eq!(language(&[]), Ok(None));
    }

    #[test]
    fn nodes_of_different_kinds_are_named_with_them() {
        let nodes = [
            Node::new("db-1", "postgres://a"),
            Node::new("db-2", "shop.db"),
        ];
        let words = language(&nodes).unwrap_err();
        assert!(
            words.contains("`db-1` is PostgreSQL, `db-2` is SQLite"),
            "{words}"
        );
        let error = check_language(&nodes[1], ALL, "db-1", Sql::Postgres).unwrap_err();
        assert!(error.to_string().contains("`db-2` is SQLite"), "{error}");
    }

    #[test]
    fn an_unknown_scheme_is_told_the_known_ones() {
        let words = language(&[Node::new("db-1", "oracle://u:secret@h/db")]).unwrap_err();
        for part in ["`db-1`", "`oracle`", "`mysql://`", "a path"] {
            assert!(words.contains(part), "{words}");
        }
        assert!(!words.contains("secret"), "{words}");
    }
}

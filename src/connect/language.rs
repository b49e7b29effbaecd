//! The language that the server at a URL speaks, for routers whose connections speak several.

use diesel::{ConnectionError, ConnectionResult};
use diesel_routing_sql::Dialect as Sql;

use super::ConnectionString;

/// Returns which of these languages the server at `url` speaks: the only one, whatever the URL, or by its scheme. `None` if it is none
/// of them.
pub(crate) fn language_of(url: &str, languages: &[Sql]) -> Option<Sql> {
    if let [only] = languages {
        return Some(*only);
    }
    let found = match scheme_of(url) {
        Some("postgres" | "postgresql") => Sql::Postgres,
        Some("mysql") => Sql::Mysql,
        Some("sqlite" | "file") => Sql::Sqlite,
        Some(_) => return None,
        None if are_pairs(url) => Sql::Postgres,
        None => Sql::Sqlite,
    };
    languages.contains(&found).then_some(found)
}

/// Returns the scheme of a URL; of what is a path, or libpq's pairs, `None`.
pub(crate) fn scheme_of(url: &str) -> Option<&str> {
    let scheme = match url.split_once("://") {
        Some((scheme, _)) => scheme,
        // SQLite's own URLs have no host.
        None => url.split_once(':').map(|(scheme, _)| scheme)?,
    };
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    // One letter is a drive.
    let is_scheme = scheme.len() > 1 && scheme.bytes().all(is_legal);
    let is_url = url.contains("://") || scheme == "file";
    (is_scheme && is_url).then_some(scheme)
}

/// Returns whether this is libpq's `keyword=value`, and no path.
fn are_pairs(text: &str) -> bool {
    let pairs = ConnectionString::parse(text);
    pairs.is_some_and(|pairs| pairs.has_known_names())
}

/// Returns which of these languages the server at `url` speaks.
///
/// # Errors
///
/// Names how URLs begin that lead to them.
pub fn language_or_error(url: &str, languages: &[Sql]) -> ConnectionResult<Sql> {
    language_of(url, languages).ok_or_else(|| {
        let words = match scheme_of(url) {
            Some(scheme) => format!("the URL has the scheme `{scheme}`"),
            None => "the URL has no scheme".to_owned(),
        };
        let known = beginnings(languages);
        ConnectionError::InvalidConnectionUrl(format!(
            "{words}, and these connections know {known}"
        ))
    })
}

/// Returns the error of an enum without a variant for a language.
///
/// # Errors
///
/// Always.
pub fn no_variant<C>(language: Sql) -> ConnectionResult<C> {
    let database = name_of(language);
    let words = format!("these connections have no variant for {database}");
    Err(ConnectionError::InvalidConnectionUrl(words))
}

/// Returns how URLs begin that lead to these languages, for errors.
pub(crate) fn beginnings(languages: &[Sql]) -> String {
    let has = |language| languages.contains(&language);
    let known = [
        (has(Sql::Postgres), "`postgres://`, `postgresql://`"),
        (has(Sql::Mysql), "`mysql://`"),
        (has(Sql::Sqlite), "`sqlite://`, `file:` or a path"),
    ];
    let known: Vec<_> = known.iter().filter(|(has, _)| *has).collect();
    let words: Vec<_> = known.iter().map(|(_, words)| *words).collect();
    words.join(", ")
}

/// Returns the name of the databases that speak a language.
pub(crate) fn name_of(language: Sql) -> &'static str {
    match language {
        Sql::Postgres => "PostgreSQL",
        Sql::Mysql => "MySQL or MariaDB",
        _ => "SQLite",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Sql] = &[Sql::Postgres, Sql::Mysql, Sql::Sqlite];

    #[test]
    fn the_scheme_says_which_database_it_is() {
        for (url, language) in [
            ("postgres://h/db", Some(Sql::Postgres)),
            ("postgresql:///db?host=/tmp", Some(Sql::Postgres)),
            ("host=/tmp user=app dbname=db", Some(Sql::Postgres)),
            ("mysql://u:p@h/db", Some(Sql::Mysql)),
            ("sqlite://shop.db", Some(Sql::Sqlite)),
            ("file:shop.db?mode=ro", Some(Sql::Sqlite)),
            (":memory:", Some(Sql::Sqlite)),
            ("/var/lib/shop.db", Some(Sql::Sqlite)),
            (r"C:\shop.db", Some(Sql::Sqlite)),
            ("/var/a=b.db", Some(Sql::Sqlite)),
            ("oracle://h/db", None),
            ("Postgres://h/db", None),
        ] {
            assert_eq!(language_of(url, ALL), language, "{url}");
        }
    }

    #[test]
    fn a_database_that_an_enum_lacks_is_not_known_to_it() {
        let languages = [Sql::Postgres, Sql::Mysql];
        assert_eq!(language_of("shop.db", &languages), None);
        assert_eq!(language_of("sqlite://shop.db", &languages), None);
        assert_eq!(
            beginnings(&languages),
            "`postgres://`, `postgresql://`, `mysql://`"
        );
    }

    #[test]
    fn where_there_is_one_language_nothing_depends_on_the_url() {
        assert_eq!(language_of("alias", &[Sql::Mysql]), Some(Sql::Mysql));
    }
}

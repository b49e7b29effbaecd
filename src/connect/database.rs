//! A connection string that leads to another database.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::ConnectionString;

/// The parameter that names the database: of a URL it counts more than the path.
const PARAMETER: &str = "dbname";

/// The characters that cannot stand in a path as they are: those that end it, escapes, and those that the URL standard would
/// encode.
const RESERVED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Returns whether a name stands in a URL as it is.
pub(crate) fn is_plain(database: &str) -> bool {
    utf8_percent_encode(database, RESERVED).eq([database])
}

/// Returns a connection string with this database in place of its own; `None` if it is malformed, or drivers differ on where
/// its database stands.
pub(crate) fn with_database(text: &str, database: &str) -> Option<String> {
    let mut string = ConnectionString::parse(text)?;
    string.take(PARAMETER);
    let rest = string.to_string();
    let Some(head) = string.head() else {
        let database = database.replace('\\', r"\\").replace('\'', r"\'");
        let text = format!("{rest} {PARAMETER}='{database}'");
        return Some(text.trim_start().to_owned());
    };
    let (server, _) = cut(head)?;
    let query = rest.strip_prefix(head)?;
    let database = utf8_percent_encode(database, RESERVED);
    Some(format!("{server}/{database}{query}"))
}

/// Returns the database that a connection string names, if it names one.
pub(crate) fn database_of(text: &str) -> Option<String> {
    let string = ConnectionString::parse(text)?;
    if let Some(database) = string.get(PARAMETER) {
        return Some(database.to_owned());
    }
    let (_, path) = cut(string.head()?)?;
    let database = percent_decode_str(path).decode_utf8().ok()?;
    (!database.is_empty()).then(|| database.into_owned())
}

/// Cuts a URL without its parameters into the server and the path.
fn cut(head: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = head.split_once("://")?;
    // tokio-postgres takes all up to the first `@` for the user information; others end that with the first `/`.
    let user_info = rest.find('@').map_or(0, |at| at + 1);
    let host = rest.get(user_info..)?;
    let host = host.find('/').unwrap_or(host.len());
    let (authority, path) = rest.split_at(user_info + host);
    if authority.contains(['/', '?', '#']) {
        return None;
    }
    let server = head.get(..scheme.len() + "://".len() + authority.len())?;
    Some((server, path.strip_prefix('/').unwrap_or(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_takes_the_place_of_the_one_that_is_named_wherever_that_stands() {
        for (text, expected) in [
            ("postgres://h", "postgres://h/a_b"),
            ("postgres://h/", "postgres://h/a_b"),
            ("mysql://u:p@h:1/app", "mysql://u:p@h:1/a_b"),
            (
                "postgres://u:%2F@h,i:5/app?sslmode=require&target_session_attrs=any",
                "postgres://u:%2F@h,i:5/a_b?sslmode=require&target_session_attrs=any",
            ),
            (
                "postgres://h/app?dbname=other&a=b&dbname=third",
                "postgres://h/a_b?a=b",
            ),
            ("postgres://h?dbname=other", "postgres://h/a_b"),
            (
                "postgres:///app?host=/tmp/x&port=5",
                "postgres:///a_b?host=/tmp/x&port=5",
            ),
            ("postgres://%2Ftmp%2Fx:5/app", "postgres://%2Ftmp%2Fx:5/a_b"),
            (
                "host=h dbname = 'a b' user=app",
                "host=h user=app dbname='a_b'",
            ),
            ("dbname=app", "dbname='a_b'"),
        ] {
            assert_eq!(with_database(text, "a_b").as_deref(), Some(expected));
        }
    }

    #[test]
    fn the_name_may_have_any_characters() {
        let name = r"a/b?c#d%e 'f\é";
        for text in ["postgres://h/app?a=b", "mysql://u@h/app", "host=h a=b"] {
            let with = with_database(text, name).expect("a string");
            assert_eq!(database_of(&with).as_deref(), Some(name), "{with}");
        }
        assert_eq!(
            with_database("mysql://h", name).as_deref(),
            Some("mysql://h/a%2Fb%3Fc%23d%25e%20'f%5C%C3%A9")
        );
        let pairs = with_database("host=h", name).expect("pairs");
        assert_eq!(pairs, r"host=h dbname='a/b?c#d%e \'f\\é'");
    }

    #[test]
    fn plain_names_stand_as_they_are() {
        assert!(is_plain("tenant_7.a-b$c'd~"));
        for name in ["a b", "a/b", "a%20b", "a\u{e9}", "a?", "a@b"] {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn the_database_of_a_string_is_that_of_its_parameter_or_its_path() {
        for (text, database) in [
            ("postgres://h/a%20b", Some("a b")),
            ("postgres://h/app?dbname=other", Some("other")),
            ("host=h dbname='a b'", Some("a b")),
            ("postgres://h", None),
            ("postgres://h/?a=b", None),
            ("host=h", None),
        ] {
            assert_eq!(database_of(text).as_deref(), database, "{text}");
        }
    }

    #[test]
    fn what_drivers_cut_in_different_ways_leads_nowhere() {
        for text in [
            "postgres://u:a/b@h/app",
            "postgres://u:a?b@h/app",
            "postgres://u:a#b@h/app",
            "postgres://h/app?application_name=a@b",
            "alias",
        ] {
            assert_eq!(with_database(text, "other"), None, "{text}");
            assert_eq!(database_of(text), None, "{text}");
        }
    }
}

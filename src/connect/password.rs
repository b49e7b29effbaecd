//! A connection string with another password.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::ConnectionString;

/// Returns a connection string with this password in place of its own.
pub(crate) fn with_password(text: &str, password: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        let password = password.replace('\\', r"\\").replace('\'', r"\'");
        let rest = without_password(text);
        return format!("{rest} password='{password}'")
            .trim_start()
            .to_owned();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user_info, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = user_info.split(':').next().unwrap_or_default();
    let path = rest.strip_prefix(authority).unwrap_or_default();
    let password = utf8_percent_encode(password, NON_ALPHANUMERIC);
    if user.is_empty() && scheme.starts_with("postgres") {
        // The user is the operating system's, or a parameter: an empty one in front would count.
        let url = without_password(&format!("{scheme}://{host}{path}"));
        let between = if url.contains('?') { '&' } else { '?' };
        return format!("{url}{between}password={password}");
    }
    without_password(&format!("{scheme}://{user}:{password}@{host}{path}"))
}

/// Returns the text without a parameter that is a password: it would count before the other.
fn without_password(text: &str) -> String {
    ConnectionString::parse(text).map_or_else(
        || text.to_owned(),
        |mut string| {
            string.take("password");
            string.to_string()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_replaced_whatever_is_in_the_new_one() {
        let with = |text| with_password(text, r"a/b@c?'\");
        for (text, expected) in [
            (
                "postgres://app:old@h:5/db?a=b",
                r"postgres://app:a%2Fb%40c%3F%27%5C@h:5/db?a=b",
            ),
            ("mysql://app@h", "mysql://app:a%2Fb%40c%3F%27%5C@h"),
            (
                "postgres://h/db?user=app",
                "postgres://h/db?user=app&password=a%2Fb%40c%3F%27%5C",
            ),
            (
                "postgres://u@h/db?password=x",
                "postgres://u:a%2Fb%40c%3F%27%5C@h/db",
            ),
            (
                "host=h password=old user=app",
                r"host=h user=app password='a/b@c?\'\\'",
            ),
        ] {
            assert_eq!(with(text), expected);
        }
    }
}

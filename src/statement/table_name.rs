//! `TableName`: a table by its name, quoted where it goes into SQL.

use std::fmt;

/// A table, by its name and its schema (on MySQL and MariaDB: its database) if that is given.
///
/// A name is taken as the server has it stored, letter by letter, and quoted in SQL. As text, what stands before the first dot is
/// the schema; [`new`](Self::new) takes names that have a dot.
///
/// ```
/// use diesel_routing::TableName;
///
/// assert_eq!(TableName::from("sales.orders"), TableName::new("orders").in_schema("sales"));
/// assert_eq!(TableName::new("odd.name").to_string(), "odd.name");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableName {
    schema: Option<String>,
    name: String,
}

impl TableName {
    /// Creates the name of a table in the schema that the connection looks into first.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            schema: None,
            name: name.into(),
        }
    }

    /// Sets the schema.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Returns the schema and the name, as they are.
    #[allow(dead_code, reason = "where no backend compares tables")]
    pub(crate) fn parts(&self) -> (Option<&str>, &str) {
        (self.schema.as_deref(), &self.name)
    }

    /// Returns it as it stands in SQL, in these quotes.
    #[allow(dead_code, reason = "where no backend compares tables")]
    pub(crate) fn quoted(&self, quote: char) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quoted(schema, quote), quoted(&self.name, quote)),
            None => quoted(&self.name, quote),
        }
    }
}

/// Returns a name as it stands in SQL, in these quotes.
#[allow(dead_code, reason = "where no backend compares tables")]
pub(crate) fn quoted(name: &str, quote: char) -> String {
    let twice = format!("{quote}{quote}");
    format!("{quote}{}{quote}", name.replace(quote, &twice))
}

impl From<&str> for TableName {
    fn from(text: &str) -> Self {
        match text.split_once('.') {
            Some((schema, name)) => Self::new(name).in_schema(schema),
            None => Self::new(text),
        }
    }
}

impl From<String> for TableName {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_a_name_do_not_end_it() {
        let odd = TableName::new("a\"; DROP TABLE b; --").in_schema("`s`");
        assert_eq!(odd.quoted('"'), "\"`s`\".\"a\"\"; DROP TABLE b; --\"");
        assert_eq!(odd.quoted('`'), "```s```.`a\"; DROP TABLE b; --`");
    }
}

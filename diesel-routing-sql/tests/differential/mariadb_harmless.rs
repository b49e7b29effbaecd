//! Functions of mariadb that do nothing a read must not do.

/// Functions, by the reason why they are harmless.
pub(crate) const HARMLESS: &[(&str, &[&str])] = &[];

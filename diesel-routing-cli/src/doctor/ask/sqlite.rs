//! Looks at SQLite files.

use super::answer::names;
use super::asker::Asker;
use crate::doctor::facts::{Kind, Version};

const BASICS: &str = "SELECT sqlite_version() AS version";

const FILE: &str = "PRAGMA database_list";

const SCHEMA: &str =
    "SELECT sql AS name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name";

/// Asks for everything.
pub(super) async fn ask(asker: &mut Asker<'_>) {
    // A file that is no database says so at the first look into it.
    let (Some(basics), Some(mode)) = (
        asker.first(BASICS).await,
        asker.first("PRAGMA journal_mode").await,
    ) else {
        return;
    };
    let version = basics.get("version").unwrap_or_default();
    let facts = &mut *asker.facts;
    facts.kind = Some(Kind::Sqlite);
    // The library's, which is the same for all files.
    facts.version = Some(Version {
        series: version.to_owned(),
        text: version.to_owned(),
    });
    // A file knows no roles: what the configuration says counts.
    facts.takes_writes = facts.configured.is_primary;
    let mode = mode.get("journal_mode").unwrap_or_default();
    facts
        .settings
        .insert("journal_mode".to_owned(), mode.to_owned());
    let files = asker.rows("its file", FILE, "").await.unwrap_or_default();
    let main = files.iter().find(|row| row.get("name") == Some("main"));
    let path = main
        .and_then(|row| row.get("file"))
        .filter(|path| !path.is_empty());
    asker.facts.file = path.and_then(identity);
    let schema = asker.rows("its schema", SCHEMA, "").await;
    asker.facts.tables.schema = schema.map(|rows| names(Some(rows)));
}

/// Returns what tells a file from others, whatever its paths.
fn identity(path: &str) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        let metadata = std::fs::metadata(path).ok()?;
        Some(format!("file {}:{}", metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let path = std::fs::canonicalize(path).ok()?;
        Some(path.display().to_string())
    }
}

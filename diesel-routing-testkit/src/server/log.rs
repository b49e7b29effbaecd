use std::path::Path;

/// Returns the last 20 lines of a log file, or why it can't be read.
pub(crate) fn tail(log: &Path) -> String {
    const LINES: usize = 20;
    let text = match std::fs::read(log) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return format!("({}: {error})", log.display()),
    };
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

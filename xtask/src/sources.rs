//! Our own look at the files git knows, for what no linter knows: this machine, and our ceiling.

use std::env;
use std::path::Path;

use anyhow::{Result, ensure};
use xshell::cmd;

use crate::workspace::Workspace;

/// More lines than this and a file has more than one subject.
const MAX_LINES: usize = 500;

/// Directories that every machine has: a mention of them gives nothing away.
const COMMON_DIRS: &str = "/ /tmp /var/tmp /home /usr /usr/src /usr/local /opt /srv /mnt";

/// Fails on paths of this machine, and on long files.
pub(crate) fn check(workspace: &Workspace) -> Result<Option<String>> {
    let (sh, root) = (&workspace.sh, workspace.root());
    let home = env::home_dir();
    let dirs = [Some(root), root.parent(), home.as_deref()];
    for dir in dirs.into_iter().flatten().filter(|dir| !is_common(dir)) {
        // Something in it, and not in a longer path that merely ends so.
        let name = dir.display().to_string();
        let name = name.replace(|c: char| !c.is_alphanumeric() && c != '/', ".");
        let pattern = format!("(^|[^[:alnum:]._/-]){name}/");
        let grep = cmd!(sh, "git grep --untracked --line-number -I -E -e {pattern}");
        let found = grep.quiet().ignore_status().output()?;
        let lines = String::from_utf8_lossy(&found.stdout);
        // git ends with 1 when it finds nothing.
        ensure!(
            found.status.code() == Some(1),
            "paths of this machine:\n{lines}"
        );
    }
    let files = cmd!(
        sh,
        "git ls-files -z --cached --others --exclude-standard *.rs"
    );
    let mut long = Vec::new();
    for name in files.quiet().read()?.split_terminator('\0') {
        if sh.path_exists(name) && sh.read_file(name)?.lines().count() > MAX_LINES {
            long.push(name.to_owned());
        }
    }
    ensure!(
        long.is_empty(),
        "more than {MAX_LINES} lines: {}",
        long.join(", ")
    );
    Ok(None)
}

fn is_common(dir: &Path) -> bool {
    COMMON_DIRS
        .split(' ')
        .any(|common| dir == Path::new(common))
}

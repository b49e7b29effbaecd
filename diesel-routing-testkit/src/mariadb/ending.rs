use std::path::Path;

use crate::server::Ending;

/// Killing is what a clean stop would cost a second for. The option files are named on the servers'
/// command lines alone.
pub(super) const ENDING: Ending = Ending {
    signal: "KILL",
    tags: |dir, _name| format!("{}\n", defaults_file(&dir.join("node"))),
};

/// Returns the argument by which the cluster's watchdog finds its servers.
pub(super) fn defaults_file(options: &Path) -> String {
    format!("--defaults-file={}", options.display())
}

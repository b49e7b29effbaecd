use crate::server::Ending;

/// A node that gets its data from another has programs of its own running, which name its directory.
pub(super) const ENDING: Ending = Ending {
    signal: "KILL",
    tags: |dir, _name| format!("{}\n", dir.join("node").display()),
};

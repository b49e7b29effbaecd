use crate::server::Ending;

/// PostgreSQL's immediate shutdown takes milliseconds and gives its shared memory back. Postmasters
/// have the setting on their command lines, and their children show it as their titles.
pub(super) const ENDING: Ending = Ending {
    signal: "QUIT",
    tags: |_dir, name| format!("cluster_name={name}.\npostgres: {name}.\n"),
};

//! Debian's and Ubuntu's packages.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

/// Group, package, reason and test, one package a line.
const PACKAGES: &str = include_str!("../packages.txt");

type Package = [&'static str; 4];

/// Installs what the machine lacks of these groups, with apt-get as root or through passwordless sudo.
///
/// # Errors
///
/// Names the packages when they can't be installed from here.
pub(crate) fn install(workspace: &Workspace, groups: &[&str]) -> Result<()> {
    let mut missing: Vec<_> = packages().collect();
    missing.retain(|[group, .., test]| groups.contains(group) && !succeeds(test));
    if missing.is_empty() {
        return Ok(());
    }
    for [_, name, why, _] in &missing {
        println!("missing: {name} ({why})");
    }
    let names: Vec<_> = missing.iter().map(|[_, name, ..]| *name).collect();
    let by_hand = format!(
        "install these packages, or what your system calls them, and start again: {}",
        names.join(" ")
    );
    let sudo = if is_root() { "" } else { "sudo -n " };
    if !succeeds(&format!("command -v apt-get && {sudo}true")) {
        bail!("{by_hand} (there is no apt-get here that runs as root or with passwordless sudo)");
    }
    let command = format!("{sudo}env DEBIAN_FRONTEND=noninteractive apt-get --quiet");
    let apt_get = |words: &[&str]| {
        let mut all = command.split(' ').chain(words.iter().copied());
        let program = all.next().unwrap_or_default();
        workspace.sh.cmd(program).args(all).run()
    };
    // Old lists may still do.
    let _ = apt_get(&["update"]);
    let install = ["install", "--yes", "--no-install-recommends"];
    apt_get(&[&install, names.as_slice()].concat()).context(by_hand)?;
    match missing.iter().find(|[.., test]| !succeeds(test)) {
        Some([_, name, _, test]) => {
            bail!("{name} is installed, and still this fails: {test}")
        }
        None => Ok(()),
    }
}

/// Returns whether we may do anything on this machine.
pub(crate) fn is_root() -> bool {
    succeeds("test \"$(id -u)\" = 0")
}

fn packages() -> impl Iterator<Item = Package> {
    let lines = PACKAGES.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let columns: Vec<_> = line.splitn(4, " | ").collect();
        columns.try_into().ok()
    })
}

/// Returns whether the shell command succeeds, with the directory of servers on its search path.
fn succeeds(command: &str) -> bool {
    let quiet = Command::new("sh")
        .args(["-c", &format!("PATH=\"$PATH:/usr/sbin\"; {command}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need::{BUILD, Need, PEERS, SERVERS};

    #[test]
    fn every_group_has_packages_and_every_line_is_one() {
        for need in BUILD.iter().chain(&SERVERS).chain(&PEERS) {
            let Need::Packages(group) = need else {
                continue;
            };
            assert!(packages().any(|package| package[0] == *group), "{group}");
        }
        assert_eq!(packages().count(), 27);
    }
}

//! `cargo xtask test --mysql`: what runs on MariaDB, on MySQL.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::apt;
use crate::invocation::Invocation;
use crate::need::Need;
use crate::step::{Step, Verdict};
use crate::tool;
use crate::workspace::Workspace;

/// The only Debian that has MySQL.
const SUITE: &str = "sid";

/// Starts the server with the libraries that it came with, whatever this machine has.
const WRAPPER: &str = r#"#!/bin/sh
root='ROOT'
libraries="$root/usr/lib/$(uname -m)-linux-gnu"
exec "$root"/lib64/ld-linux-*.so.* \
    --library-path "$libraries:$root/usr/lib/mysql/private" \
    "$root/usr/sbin/mysqld" "$@" --basedir="$root/usr" --lc-messages-dir="$root/usr/share/mysql" \
    --character-sets-dir="$root/usr/share/mysql/charsets" --plugin-dir="$root/usr/lib/mysql/plugin"
"#;

/// What is not MariaDB's own: its files, its lock waits, its settings, the text of its positions, and Galera.
const SHARED: &str = "binary(mariadb) & not test(/^galera|_relay_log_which_is_gone_/) \
     | test(/^mariadb::/) & not test(/^mariadb::(bad_input|locks)::|_history$/)";

pub(crate) fn steps(workspace: &Workspace) -> Vec<Step> {
    const BINARIES: &str = "-p diesel-routing -p diesel-routing-testkit --all-features --locked --test positions --test mariadb";
    let nextest = Invocation::cargo(&format!("nextest run {BINARIES}"))
        .args(["-E", SHARED])
        .env("MARIADB_BINDIR", bin_dir(workspace).display().to_string());
    vec![
        Step::check(
            "mysql-server",
            "a MySQL server is in target/mysql, from Debian's packages",
            server,
        ),
        Step::test(
            "mysql",
            "replication, faults and sessions on MySQL",
            nextest,
        )
        .needs([
            Need::Package(&apt::C_COMPILER),
            Need::Package(&apt::PKG_CONFIG),
            Need::Package(&apt::LIBPQ),
            Need::Package(&apt::LIBMARIADB),
            Need::Tool(&tool::NEXTEST),
        ]),
    ]
}

fn root(workspace: &Workspace) -> PathBuf {
    workspace.target_dir().join("mysql").join(SUITE)
}

fn bin_dir(workspace: &Workspace) -> PathBuf {
    workspace.target_dir().join("mysql").join("bin")
}

fn server(workspace: &Workspace) -> Result<Verdict> {
    let (root, bin) = (root(workspace), bin_dir(workspace));
    let program = bin.join("mysqld");
    if !program.exists() {
        ensure!(
            apt::is_root(),
            "only root can unpack Debian's packages apart from the machine's (debootstrap); with a MySQL of \
             your own, set MARIADB_BINDIR and run the tests by hand"
        );
        apt::install_missing(workspace, &[&apt::DEBOOTSTRAP])?;
        if root.exists() {
            fs::remove_dir_all(&root).context("an earlier try could not be removed")?;
        }
        let shown = root.display().to_string();
        Invocation::new("debootstrap")
            .args([
                "--variant=minbase",
                "--include=mysql-server-core",
                SUITE,
                &shown,
            ])
            .run(workspace)?;
        fs::create_dir_all(&bin).context("no directory for the server")?;
        fs::write(&program, WRAPPER.replace("ROOT", &shown)).context("no room for a script")?;
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
            .context("the script can't be made executable")?;
    }
    // The servers run as another account, which must reach it.
    let version = Invocation::new(program.display().to_string())
        .args(["--no-defaults", "--version"])
        .read(workspace)?;
    Ok(Verdict::Passed {
        notes: vec![version.trim().to_owned()],
    })
}

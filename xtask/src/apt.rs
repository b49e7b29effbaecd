//! Debian's and Ubuntu's packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::invocation::Invocation;
use crate::workspace::Workspace;

/// A package and how to see whether the machine has what it brings, from whatever source.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    why: &'static str,
    pub(crate) present: fn() -> bool,
}

pub(crate) static C_COMPILER: Package = Package {
    name: "build-essential",
    why: "C compiler, for the bundled SQLite",
    present: || succeeds("cc", &["--version"]),
};

pub(crate) static PKG_CONFIG: Package = Package {
    name: "pkg-config",
    why: "finds the database clients' libraries",
    present: || succeeds("pkg-config", &["--version"]),
};

pub(crate) static LIBPQ: Package = Package {
    name: "libpq-dev",
    why: "PostgreSQL's client library, for feature `sync-postgres`",
    present: || is_library("libpq") || std::env::var_os("PQ_LIB_DIR").is_some(),
};

pub(crate) static LIBMARIADB: Package = Package {
    name: "libmariadb-dev",
    why: "MariaDB's client library, for feature `sync-mysql`",
    present: || {
        is_library("mysqlclient")
            || is_library("libmariadb")
            || std::env::var_os("MYSQLCLIENT_LIB_DIR").is_some()
    },
};

pub(crate) static POSTGRESQL: Package = Package {
    name: "postgresql",
    why: "PostgreSQL's server programs, for the tests' own clusters",
    present: has_postgres_server,
};

pub(crate) static PGBOUNCER: Package = Package {
    name: "pgbouncer",
    why: "a pooler between a router and a server, for the tests",
    present: || {
        ["pgbouncer", "/usr/sbin/pgbouncer"]
            .iter()
            .any(|pooler| succeeds(pooler, &["--version"]))
    },
};

pub(crate) static REDIS: Package = Package {
    name: "redis-server",
    why: "Redis, for the tests of session stores",
    present: || {
        ["redis-server", "valkey-server"]
            .iter()
            .any(|server| succeeds(server, &["--version"]))
    },
};

pub(crate) static MARIADB: Package = Package {
    name: "mariadb-server",
    why: "MariaDB's server programs, for the tests' own servers",
    present: || {
        ["mariadbd", "/usr/sbin/mariadbd"]
            .iter()
            .any(|server| succeeds(server, &["--version"]))
    },
};

pub(crate) static GALERA: Package = Package {
    name: "galera-4",
    why: "MariaDB's Galera library, for the tests' own clusters",
    present: || Path::new("/usr/lib/galera/libgalera_smm.so").exists(),
};

pub(crate) static RSYNC: Package = Package {
    name: "rsync",
    why: "copies the state of a Galera node to one that joins",
    present: || succeeds("rsync", &["--version"]),
};

pub(crate) static CHROMIUM: Package = Package {
    name: "chromium",
    why: "a browser, for the stories of examples/profile",
    present: || succeeds("chromium", &["--version"]) || succeeds("google-chrome", &["--version"]),
};

pub(crate) static CHROMIUM_DRIVER: Package = Package {
    name: "chromium-driver",
    why: "WebDriver, for the stories of examples/profile",
    present: || succeeds("chromedriver", &["--version"]),
};

pub(crate) static VALGRIND: Package = Package {
    name: "valgrind",
    why: "counts instructions",
    present: || succeeds("valgrind", &["--version"]),
};

pub(crate) static PYTHON_VENV: Package = Package {
    name: "python3-venv",
    why: "installs prebuilt tools into the target directory",
    present: || succeeds("python3", &["-c", "import ensurepip, venv"]),
};

pub(crate) static DEBOOTSTRAP: Package = Package {
    name: "debootstrap",
    why: "makes a Debian to run servers in, where no image can be pulled",
    present: || succeeds("debootstrap", &["--version"]),
};

/// [`install`] those that are not there.
pub(crate) fn install_missing(workspace: &Workspace, packages: &[&'static Package]) -> Result<()> {
    let missing = packages.iter().filter(|package| !(package.present)());
    install(workspace, &missing.copied().collect::<Vec<_>>())
}

/// Install packages that are missing, with apt-get as root or through passwordless sudo.
///
/// # Errors
///
/// Names the packages when they can't be installed from here.
pub(crate) fn install(workspace: &Workspace, packages: &[&Package]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = packages.iter().map(|package| package.name).collect();
    for package in packages {
        println!("missing: {} ({})", package.name, package.why);
    }
    let by_hand = format!(
        "install these packages, or what your system calls them, and start again: {}",
        names.join(" ")
    );
    let Some(apt_get) = apt_get() else {
        bail!("{by_hand} (there is no apt-get here that runs as root or with passwordless sudo)");
    };
    let update = apt_get.clone().args(["update", "--quiet"]);
    let install = apt_get
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(names);
    let had_lists = has_package_lists();
    if !had_lists {
        update.run(workspace).context(by_hand.clone())?;
    }
    match install.run(workspace) {
        // The lists may be older than what the servers still have.
        Err(_) if had_lists => {
            update.run(workspace).context(by_hand.clone())?;
            install.run(workspace).context(by_hand)?;
        }
        installed => installed.context(by_hand)?,
    }
    match packages.iter().find(|package| !(package.present)()) {
        Some(package) => bail!(
            "{} is installed, and still there is no {}",
            package.name,
            package.why
        ),
        None => Ok(()),
    }
}

/// `apt-get` in a form that may install, if there is one.
pub(crate) fn apt_get() -> Option<Invocation> {
    if !succeeds("apt-get", &["--version"]) {
        return None;
    }
    let quietly = ["DEBIAN_FRONTEND=noninteractive", "apt-get"];
    if is_root() {
        Some(Invocation::new("env").args(quietly))
    } else if succeeds("sudo", &["-n", "true"]) {
        Some(Invocation::new("sudo").args(["-n", "env"]).args(quietly))
    } else {
        None
    }
}

/// Whether we may do anything here.
pub(crate) fn is_root() -> bool {
    output_of("id", &["-u"]).is_some_and(|uid| uid.trim() == "0")
}

/// Whether `apt-get update` ever ran on this machine.
fn has_package_lists() -> bool {
    let Ok(mut entries) = Path::new("/var/lib/apt/lists").read_dir() else {
        return false;
    };
    entries.any(|entry| {
        entry.is_ok_and(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
    })
}

fn is_library(name: &str) -> bool {
    succeeds("pkg-config", &["--exists", name])
}

/// The same places, in the same order, as the test kit looks in.
fn has_postgres_server() -> bool {
    let chosen = std::env::var_os("PG_BINDIR").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = Path::new("/usr/lib/postgresql")
        .read_dir()
        .into_iter()
        .flatten();
    let debian = debian.flatten().map(|version| version.path().join("bin"));
    chosen
        .into_iter()
        .chain(std::env::split_paths(&path))
        .chain(debian)
        .any(|dir| {
            ["postgres", "initdb", "pg_basebackup"]
                .iter()
                .all(|program| dir.join(program).is_file())
        })
}

fn succeeds(program: &str, args: &[&str]) -> bool {
    let quiet = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

fn output_of(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

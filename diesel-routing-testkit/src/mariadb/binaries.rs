use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

#[cfg(feature = "docker")]
use super::ending::ENDING;
use super::ending::defaults_file;
use super::flavour::Flavour;
use crate::ServerError;
use crate::server::{Account, Place, Root, clean, searched};
#[cfg(feature = "docker")]
use crate::server::{Network, ServerImage};

/// The environment variable that names a directory.
const VARIABLE: &str = "MARIADB_BINDIR";

/// The oldest versions that know every privilege, setting and statement the kit uses.
const OLDEST_MARIADB: (u32, u32) = (10, 6);
const OLDEST_MYSQL: (u32, u32) = (8, 0);

/// The directories in which packages put servers, which are not on everybody's `PATH`.
const USUAL: &[&str] = &["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];

/// The image that servers in containers are run from.
#[cfg(feature = "docker")]
const IMAGE: &str = "mariadb:11.8";
#[cfg(feature = "docker")]
const IMAGE_VARIABLE: &str = "DIESEL_ROUTING_MARIADB_IMAGE";

/// One MariaDB or MySQL server's programs.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) place: Place,
    pub(super) server: PathBuf,
    /// Makes a data directory; MySQL's server does so itself.
    installer: Option<PathBuf>,
    pub(super) flavour: Flavour,
    /// As the server prints it, for example `mariadbd  Ver 10.11.6-MariaDB ..`.
    pub(super) version: String,
}

impl Binaries {
    /// Finds the programs: in `explicit`, else in `$MARIADB_BINDIR`, else in the first of `PATH` and the usual
    /// places with a server in it.
    pub(super) fn find(explicit: Option<&Path>) -> Result<Self, ServerError> {
        let dirs = candidates(explicit);
        let missing = || ServerError::NoServer {
            server: "MariaDB or MySQL",
            searched: searched(&dirs),
            variable: VARIABLE,
            method: "bin_dir",
        };
        let server = first_of(&["mariadbd", "mysqld"], &dirs).ok_or_else(missing)?;
        let version = version(&server)?;
        let flavour = Flavour::of(&version);
        let installer = match flavour {
            Flavour::MariaDb => Some(
                first_of(&["mariadb-install-db", "mysql_install_db"], &dirs).ok_or_else(missing)?,
            ),
            Flavour::MySql => None,
        };
        let place = Place::Dir(server.parent().unwrap_or(&server).to_owned());
        Self::checked(place, server, installer, version)
    }

    /// Takes the programs of `$DIESEL_ROUTING_MARIADB_IMAGE`, else of the official image.
    #[cfg(feature = "docker")]
    pub(super) fn in_image(
        root: &Root,
        account: Account,
        limit: Duration,
    ) -> Result<Self, ServerError> {
        let image = ServerImage::find(IMAGE_VARIABLE, IMAGE, Network::Host)?;
        let version = image.version(&["mariadbd", "mysqld"], root, &ENDING, account, limit)?;
        let (server, installer) = match Flavour::of(&version) {
            Flavour::MariaDb => ("mariadbd", Some("mariadb-install-db".into())),
            Flavour::MySql => ("mysqld", None),
        };
        Self::checked(Place::Image(image), server.into(), installer, version)
    }

    fn checked(
        place: Place,
        server: PathBuf,
        installer: Option<PathBuf>,
        version: String,
    ) -> Result<Self, ServerError> {
        let flavour = Flavour::of(&version);
        let (oldest, name) = match flavour {
            Flavour::MariaDb => (OLDEST_MARIADB, "10.6"),
            Flavour::MySql => (OLDEST_MYSQL, "8.0.30"),
        };
        if number(&version).is_none_or(|number| number < oldest) {
            return Err(ServerError::TooOld {
                version,
                oldest: name,
                bin_dir: place.name().to_owned(),
            });
        }
        Ok(Self {
            place,
            server,
            installer,
            flavour,
            version,
        })
    }

    /// The first of `files` that is where the programs are.
    #[cfg_attr(
        not(feature = "docker"),
        expect(
            unused_variables,
            clippy::unnecessary_wraps,
            reason = "containers need all"
        )
    )]
    pub(super) fn first_file(
        &self,
        files: &[PathBuf],
        root: &Root,
        account: Account,
        limit: Duration,
    ) -> Result<Option<PathBuf>, ServerError> {
        match &self.place {
            Place::Dir(_) => Ok(files.iter().find(|file| file.is_file()).cloned()),
            #[cfg(feature = "docker")]
            Place::Image(image) => {
                let files: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
                let files: Vec<&str> = files.iter().map(AsRef::as_ref).collect();
                let found = image.first_file(&files, root, &ENDING, account, limit)?;
                Ok(found.map(Into::into))
            }
        }
    }

    /// Returns a command that runs the server as `account`, with the options of one file alone.
    pub(super) fn server(&self, options: &Path, account: Account) -> Command {
        let mut command = self.place.command(&self.server);
        command.arg(defaults_file(options));
        account.run_as(&mut command);
        command
    }

    /// Returns a command that makes the data directory `data` as `account`, and the name of its program.
    pub(super) fn initialise(&self, data: &Path, account: Account) -> (&'static str, Command) {
        let (name, mut command) = match &self.installer {
            Some(installer) => {
                let mut command = self.place.command(installer);
                command.args([
                    "--no-defaults",
                    "--auth-root-authentication-method=normal",
                    "--skip-name-resolve",
                    "--skip-test-db",
                    "--innodb-use-native-aio=0",
                    "--innodb-log-file-size=8M",
                    "--innodb-flush-method=nosync",
                ]);
                // An image's installer knows where it is.
                if let Place::Dir(_) = &self.place
                    && let Some(base) = self.server.parent().and_then(Path::parent)
                {
                    command.arg(format!("--basedir={}", base.display()));
                }
                ("mariadb-install-db", command)
            }
            None => {
                let mut command = self.place.command(&self.server);
                command.args([
                    "--no-defaults",
                    "--initialize-insecure",
                    "--innodb-use-native-aio=0",
                ]);
                ("mysqld", command)
            }
        };
        command.arg(format!("--datadir={}", data.display()));
        account.run_as(&mut command);
        (name, command)
    }
}

fn candidates(explicit: Option<&Path>) -> Vec<PathBuf> {
    let variable = || env::var_os(VARIABLE).filter(|dir| !dir.is_empty());
    if let Some(dir) = explicit
        .map(Path::to_owned)
        .or_else(|| variable().map(Into::into))
    {
        // Programs of one installation may be spread over several directories.
        let beside = ["bin", "sbin", "scripts"].map(|name| dir.join("..").join(name));
        return std::iter::once(dir).chain(beside).collect();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(USUAL.iter().map(PathBuf::from))
        .collect()
}

/// Returns the first program there is: directory by directory, and in each by the order of the names.
fn first_of(names: &[&str], dirs: &[PathBuf]) -> Option<PathBuf> {
    dirs.iter()
        .flat_map(|dir| names.iter().map(|name| dir.join(name)))
        .find(|program| program.is_file())?
        .canonicalize()
        .ok()
}

fn version(server: &Path) -> Result<String, ServerError> {
    let output = clean(server)
        .args(["--no-defaults", "--version"])
        .output()
        .map_err(ServerError::io("run", server))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns what follows `Ver`: 10 and 11 for `mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for ..`.
fn number(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version
        .split_once("Ver ")?
        .1
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::{Flavour, number};

    #[test]
    fn product_and_version_are_read_from_what_servers_print() {
        let maria =
            "mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)";
        assert_eq!(number(maria), Some((10, 11)));
        assert_eq!(Flavour::of(maria), Flavour::MariaDb);
        let mysql = "/usr/sbin/mysqld  Ver 9.7.1-1 for Linux on x86_64 ((Debian))";
        assert_eq!(number(mysql), Some((9, 7)));
        assert_eq!(Flavour::of(mysql), Flavour::MySql);
        assert_eq!(number("mysqld"), None);
    }
}

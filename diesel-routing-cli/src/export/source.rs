//! `Source`: what the rules are made from: a configuration, and an inventory.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use diesel_routing::config::{NodeConfig, PoolConfig, RoleConfig, RoutingConfig};
use diesel_routing::inventory::{Function, Inventory};
use sha2::{Digest, Sha256};

use super::address::{Address, Server};
use super::options::{Options, Proxy};
use crate::cluster::CONFIG;
use crate::failure::{Failure, chain};

/// The source that the rules are made from.
pub(super) struct Source {
    pub(super) server: Server,
    /// The nodes, in the order of their names.
    pub(super) nodes: Vec<Place>,
    pub(super) max_lag: Option<Duration>,
    inventory: Option<Inventory>,
    /// The origin of the files, in words, a line each.
    origin: Vec<String>,
    proxy: Proxy,
}

/// A node.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) role: Option<Role>,
    pub(super) weight: u32,
    /// Set if it serves only reads that ask for one of its tags, so that no proxy may send it any.
    pub(super) is_set_apart: bool,
    pub(super) sizes: Sizes,
}

/// The role that a node is meant to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Primary,
    Replica,
}

/// The sizes of a node's pools, of one instance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) read: u32,
    pub(super) write: u32,
    pub(super) fallback: u32,
}

impl Source {
    /// Reads the configuration and the inventory. Asks no server, and reads no password but one that is in a URL.
    pub(super) fn read(options: &Options) -> Result<Self, Failure> {
        let of_environment = std::env::var_os(CONFIG).map(Into::into);
        let path = options.config.clone().or(of_environment).ok_or_else(|| {
            Failure::Usage(format!(
                "which nodes? Give `--config FILE`, or set `{CONFIG}`"
            ))
        })?;
        let text = text(&path)?;
        let config =
            RoutingConfig::from_toml(&text).map_err(|error| wrong(&path, &chain(&error)))?;
        let mut origin = vec![format!(
            "configuration: {}, SHA-256 {}",
            name(&path),
            hex(text.as_bytes())
        )];
        let inventory = options
            .inventory
            .as_deref()
            .map(read_inventory)
            .transpose()?;
        origin.push(match (&options.inventory, &inventory) {
            (Some(path), Some(inventory)) => format!(
                "inventory: {}, digest {}, {} functions",
                name(path),
                inventory.digest(),
                inventory.functions.len()
            ),
            _ => "inventory: none was given".to_owned(),
        });
        let mut nodes = Vec::new();
        for (name, node) in &config.nodes {
            let place =
                place(name, node).map_err(|why| wrong(&path, &format!("node `{name}`: {why}")))?;
            nodes.push(place);
        }
        let Some(first) = nodes.first() else {
            return Err(wrong(&path, "it names no node"));
        };
        let server = first.address.server;
        if let Some(other) = nodes.iter().find(|node| node.address.server != server) {
            let words = format!(
                "nodes `{}` and `{}` are of different kinds of databases",
                first.name, other.name
            );
            return Err(wrong(&path, &words));
        }
        Ok(Self {
            server,
            nodes,
            max_lag: config.max_lag.map(Duration::from),
            inventory,
            origin,
            proxy: options.proxy,
        })
    }

    /// Returns an error unless the nodes are of the kind of server that the proxy is for.
    pub(super) fn expect(&self, server: Server) -> Result<(), Failure> {
        if self.server == server {
            return Ok(());
        }
        let is_for = match server {
            Server::Postgres => "PostgreSQL",
            Server::MySql => "MySQL and MariaDB",
        };
        Err(Failure::Usage(format!(
            "{} is for {is_for}, and the nodes are not: choose another proxy",
            self.proxy.word()
        )))
    }

    /// Returns the primary, for proxies that are told which it is.
    pub(super) fn primary(&self) -> Result<&Place, Failure> {
        let primary = self
            .nodes
            .iter()
            .find(|node| node.role == Some(Role::Primary));
        primary.ok_or_else(|| {
            Failure::Usage(format!(
                "{} is told which node is the primary, and the configuration does not say: add `role = \"primary\"` to one, or use \
                 HAProxy, which finds out",
                self.proxy.word()
            ))
        })
    }

    /// Returns the nodes that may serve reads beside the primary.
    pub(super) fn replicas(&self) -> impl Iterator<Item = &Place> {
        self.nodes
            .iter()
            .filter(|node| node.role != Some(Role::Primary) && !node.is_set_apart)
    }

    /// Returns all nodes that may be the primary or serve any read.
    pub(super) fn in_general_use(&self) -> impl Iterator<Item = &Place> {
        self.nodes.iter().filter(|node| !node.is_set_apart)
    }

    /// Returns the names of the nodes that no proxy may use.
    pub(super) fn set_apart(&self) -> Vec<&str> {
        let apart = self.nodes.iter().filter(|node| node.is_set_apart);
        apart.map(|node| node.name.as_str()).collect()
    }

    /// Returns the functions that read strongly, or may do so for all that is known.
    pub(super) fn strong_functions(&self) -> Vec<&Function> {
        let Some(inventory) = &self.inventory else {
            return Vec::new();
        };
        let functions = inventory.functions.iter();
        let strong = functions.filter(|function| inventory.is_strong(function));
        strong
            .filter(|function| function.level != Some(diesel_routing::Level::Write))
            .collect()
    }

    /// Returns the first lines of a file: what it was generated from, as comments that begin with `mark`.
    pub(super) fn header(&self, mark: &str, notes: &[String]) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut text = format!(
            "{mark} Generated by diesel-routing {version}: `diesel-routing export {}`. Generate it again rather than edit it.\n",
            self.proxy.word()
        );
        let apart = self.set_apart();
        let apart = (!apart.is_empty()).then(|| {
            format!(
                "left out, as they serve tagged reads alone: {}",
                apart.join(", ")
            )
        });
        for line in self.origin.iter().chain(&apart).chain(notes) {
            // A line break in a name must not end the comment.
            let line = line.replace(char::is_control, " ");
            let _ = writeln!(text, "{mark} {line}");
        }
        text
    }

    /// Returns notes on the functions that read strongly: no proxy knows which statements are theirs.
    pub(super) fn notes_on_functions(&self) -> Vec<String> {
        let strong = self.strong_functions();
        if strong.is_empty() {
            return Vec::new();
        }
        let mut notes = vec![
            "These functions read the primary. A proxy sees statements and not functions: name the tables that they read with"
                .to_owned(),
            "`--critical-table`, or have them connect to the primary alone:".to_owned(),
        ];
        notes.extend(strong.iter().map(|function| format!("  {}", function.path)));
        notes
    }

    /// Returns what is odd about the inventory.
    pub(super) fn warnings(&self) -> Vec<String> {
        let Some(inventory) = &self.inventory else {
            return vec![
                "no inventory was given, so nothing is known of the program's functions: give `--inventory FILE`".to_owned(),
            ];
        };
        let unknown = inventory.unknown_classes();
        let unknown = unknown.into_iter();
        unknown
            .map(|class| format!("the inventory names the class `{class}`, which it does not have: its functions count as they say alone"))
            .collect()
    }
}

fn place(name: &str, node: &NodeConfig) -> Result<Place, String> {
    let url = match (&node.url, &node.url_env, &node.url_file) {
        (Some(url), ..) => url.as_str().to_owned(),
        (_, Some(variable), _) => std::env::var(variable).map_err(|_| {
            format!("its address is in the environment variable `{variable}`, which is not set")
        })?,
        (.., Some(path)) => fs::read_to_string(path)
            .map_err(|error| format!("its address is in {path}, which cannot be read: {error}"))?,
        _ => return Err("it has no URL".to_owned()),
    };
    let size = |pool: &PoolConfig, usual| pool.size.unwrap_or(usual);
    Ok(Place {
        name: name.to_owned(),
        address: Address::of_url(url.trim_end_matches(['\r', '\n'])).map_err(str::to_owned)?,
        role: match node.role {
            Some(RoleConfig::Primary) => Some(Role::Primary),
            Some(_) => Some(Role::Replica),
            None => None,
        },
        weight: node.weight.unwrap_or(1),
        is_set_apart: node.only_tagged == Some(true) || node.logical == Some(true),
        sizes: Sizes {
            read: size(&node.pools.read, 10),
            write: size(&node.pools.write, 10),
            fallback: size(&node.pools.fallback, 5),
        },
    })
}

fn read_inventory(path: &Path) -> Result<Inventory, Failure> {
    Inventory::from_json(&text(path)?).map_err(|error| wrong(path, &chain(&error)))
}

fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| wrong(path, &format!("it cannot be read: {error}")))
}

fn wrong(path: &Path, words: &str) -> Failure {
    Failure::Usage(format!("{}: {words}", path.display()))
}

/// Returns a file's name, without its directory, which differs from machine to machine.
fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

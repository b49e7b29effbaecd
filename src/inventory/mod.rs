//! The inventory: which functions of a program read and write at which level, its classes, and its edge's rules, as data.
//!
//! With the feature `inventory`, each function with an attribute [`#[consistency(..)]`](macro@crate::consistency) registers
//! itself: also those that nothing calls, those of libraries, generic ones and methods. [`functions`] has them all. A test of the
//! program's writes them to a file together with the classes and rules of its configuration, and
//! `diesel-routing export` makes rules for proxies of it
//! ([`docs/proxies.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/proxies.md)).
//!
//! ```
//! use diesel_routing::config::RoutingConfig;
//! use diesel_routing::inventory::Inventory;
//! use diesel_routing::sync::sqlite::ReadConn;
//! use diesel_routing::{CaughtUp, Error, Level};
//!
//! /// Finds what a user has to pay.
//! #[diesel_routing::consistency(session, class = "payments")]
//! fn due(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
//!     # let _ = conn;
//!     // ..
//!     # Ok(0)
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = RoutingConfig::from_json(r#"{ "classes": { "payments": { "level": "strong" } } }"#)?;
//! let inventory = Inventory::collect(&config);
//! let due = inventory.functions.iter().find(|function| function.path.ends_with("::due")).ok_or("due")?;
//! assert_eq!(due.level, Some(Level::Session));
//! assert_eq!(due.doc, "Finds what a user has to pay.");
//! // Its class asks for more than it does.
//! assert!(inventory.is_strong(due));
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("routing-inventory.json");
//! inventory.write(&path)?;
//! # Ok(()) }
//! ```
//!
//! # Which functions are there
//!
//! Those of every crate that is linked into the program. A crate that nothing names is not linked, though it is among the
//! dependencies: name it with `use its_name as _;`. Functions under `#[cfg(test)]` are there in tests alone.
//!
//! Registering runs before `main`, and takes a store for each function: the feature is for the build that writes the file, and may
//! stay on in others. It works where the crate [`inventory`](https://docs.rs/inventory) does: Linux, macOS, Windows, the BSDs, Android, iOS,
//! WebAssembly. Crates that forbid `unsafe` code may use it.

mod function;
mod level;
mod listing;
mod registration;

pub use function::{Function, On, Otherwise};
pub use listing::{Inventory, VERSION};
#[doc(hidden)]
pub use registration::Registration;

/// Returns the functions with an attribute of this program, in the order of their paths.
#[must_use]
pub fn functions() -> Vec<Function> {
    let registered = ::inventory::iter::<Registration>.into_iter();
    let mut functions: Vec<_> = registered.map(Registration::function).collect();
    functions.sort();
    functions
}

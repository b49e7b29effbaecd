//! A handle, a guard, a token or a builder that is dropped at once was not used.

#![deny(unused_must_use)]

use diesel_routing::sync::sqlite::{Router, Session};
use diesel_routing::{CheckPolicy, Class, Error, Scope, StatementCheck};

fn handles(router: &Router, session: &Session) -> Result<(), Error> {
    drop(session.read()?);
    session.read()?;
    session.write()?;
    router.session();
    session.token()?;
    Ok(())
}

fn guards_and_builders(router: &Router, session: &Session) -> Result<(), Error> {
    session.clone().enter();
    session.write()?.build_transaction();
    session.write()?.raw_counts_as_write();
    Router::builder();
    Class::new().wait(std::time::Duration::ZERO);
    StatementCheck::new(CheckPolicy::Deny);
    Scope::current();
    router.verify_caught_up(std::time::Duration::ZERO)?;
    Ok(())
}

fn main() {}

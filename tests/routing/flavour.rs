//! What every flavour has: how to run a test, and the names that suites use.

use std::future::Future;

pub(crate) use std::time::Duration;

pub(crate) use diesel_routing::{
    CaughtUp, CheckPolicy, ConfigError, Error, ManualClock, Node, NodeRole, PoolKind, Primary,
    Reason, Refused, Replica, StatementCheck, Step, TokenKeys,
};

pub(crate) use crate::schema::{Rename, User, posts, users};

/// Runs a test. One in a blocking flavour never waits in it, but is written as if it did.
pub(crate) fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

/// The refusal inside Diesel's error.
pub(crate) fn refusal(error: &diesel::result::Error) -> &Refused {
    match error {
        diesel::result::Error::QueryBuilderError(inner) => inner
            .downcast_ref()
            .unwrap_or_else(|| panic!("no refusal: {error:?}")),
        _ => panic!("no refusal: {error:?}"),
    }
}

/// In blocking code, nothing is awaited.
macro_rules! now {
    ($value:expr) => {
        $value
    };
}

/// In async code, futures are.
macro_rules! later {
    ($future:expr) => {
        $future.await
    };
}

/// The body of a transaction, in blocking code.
macro_rules! blocking_body {
    ($($closure:tt)*) => {
        $($closure)*
    };
}

/// The body of a transaction, in async code.
macro_rules! async_body {
    ($($closure:tt)*) => {
        async $($closure)*
    };
}

/// A set-up hook, in blocking code.
macro_rules! blocking_hook {
    (|$conn:ident| $body:expr) => {
        move |$conn, _| $body
    };
    (|$conn:ident, $request:ident| $body:expr) => {
        move |$conn, $request| $body
    };
}

/// A set-up hook, in async code.
macro_rules! async_hook {
    (|$conn:ident| $body:expr) => {
        move |$conn, _| Box::pin(async move { $body })
    };
    (|$conn:ident, $request:ident| $body:expr) => {
        move |$conn, $request| Box::pin(async move { $body })
    };
}

/// A function that tells a node's lag from what it shares, in blocking code.
macro_rules! blocking_tells {
    ($shared:ident, |$node:ident| $body:expr) => {
        move |$node| $body
    };
}

/// A function that tells a node's lag from what it shares, in async code.
macro_rules! async_tells {
    ($shared:ident, |$node:ident| $body:expr) => {
        move |$node| {
            let $shared = $shared.clone();
            Box::pin(async move { $body })
        }
    };
}

/// How a connection is opened, in blocking code.
macro_rules! blocking_connect {
    (|$request:ident| $body:expr) => {
        move |$request| $body
    };
}

/// How a connection is opened, in async code.
macro_rules! async_connect {
    (|$request:ident| $body:expr) => {
        move |$request| Box::pin(async move { $body })
    };
}

pub(crate) use {async_body, blocking_body, later, now};
pub(crate) use {async_connect, blocking_connect};
pub(crate) use {async_hook, blocking_hook};
pub(crate) use {async_tells, blocking_tells};

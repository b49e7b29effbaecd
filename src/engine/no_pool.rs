//! `NoPool`: what stands for pools where there are none.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Mutex;

/// Stands for a pool, and what comes of it, where no pool library is compiled in. It has no value.
#[allow(dead_code, reason = "where every flavour has a pool")]
#[derive(Debug, Clone)]
pub(crate) struct NoPool<C>(Infallible, PhantomData<Mutex<C>>);

impl<C> NoPool<C> {
    #[allow(dead_code, reason = "where every flavour has a pool")]
    pub(crate) fn value(&self) -> &Infallible {
        &self.0
    }
}

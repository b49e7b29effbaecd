//! `HandleGuard`: a handle for the duration of one call.

use std::ops::{Deref, DerefMut};

/// A handle that was passed to a function, or checked out for it.
#[derive(Debug)]
#[must_use = "dropped at once, it goes back to its pool unused"]
pub struct HandleGuard<'a, H>(Inner<'a, H>);

#[derive(Debug)]
enum Inner<'a, H> {
    Borrowed(&'a mut H),
    Owned(H),
}

impl<'a, H> HandleGuard<'a, H> {
    pub(crate) fn borrowed(handle: &'a mut H) -> Self {
        Self(Inner::Borrowed(handle))
    }

    pub(crate) fn owned(handle: H) -> Self {
        Self(Inner::Owned(handle))
    }
}

impl<H> Deref for HandleGuard<'_, H> {
    type Target = H;

    fn deref(&self) -> &H {
        match &self.0 {
            Inner::Borrowed(handle) => handle,
            Inner::Owned(handle) => handle,
        }
    }
}

impl<H> DerefMut for HandleGuard<'_, H> {
    fn deref_mut(&mut self) -> &mut H {
        match &mut self.0 {
            Inner::Borrowed(handle) => handle,
            Inner::Owned(handle) => handle,
        }
    }
}

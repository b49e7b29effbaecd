//! `Admission`: the future of an async function is one only for sources that may serve it.

/// The proof that a source may serve a function, by which the function's future is named.
///
/// A source that may not serve has no such proof, so the compiler cannot tell the type of the call, and reports the argument alone: it
/// has nothing to say of a type that it does not know. See `docs/DESIGN.md`.
pub trait Admission {
    /// The function's future, as it is.
    type Future<F>;

    /// Returns the future, as it is.
    fn future<F>(future: F) -> Self::Future<F>;
}

/// The only proof there is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Admitted {}

impl Admission for Admitted {
    type Future<F> = F;

    #[inline(always)]
    fn future<F>(future: F) -> F {
        future
    }
}

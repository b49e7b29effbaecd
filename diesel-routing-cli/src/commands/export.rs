//! `export`: its formats are in [`crate::export`].

pub(crate) use crate::export::run;

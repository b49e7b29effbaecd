//! `verify`: its run and report are in [`crate::verify`].

pub(crate) use crate::verify::run;

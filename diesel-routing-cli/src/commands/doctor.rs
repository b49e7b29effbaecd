//! `doctor`: its checks are in [`crate::doctor`].

pub(crate) use crate::doctor::run;

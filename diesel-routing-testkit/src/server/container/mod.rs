//! Servers in containers: the same files, sockets and URLs, another way to start, stop and freeze them.

mod containers;
mod engine;
mod image;
mod process;

pub(crate) use containers::Containers;
pub(crate) use engine::Engine;
pub(crate) use image::{Network, ServerImage};
pub(super) use process::ContainerProcess;

/// On every container of the kit; its value is the cluster's name.
pub(super) const LABEL: &str = "diesel-routing.cluster";

//! There are three roles, and nobody adds one.

use diesel_routing::{Replica, Role};

struct Anything;

impl Role for Anything {}

impl diesel_routing::effect::GrantsWrites for Replica {}

fn main() {}

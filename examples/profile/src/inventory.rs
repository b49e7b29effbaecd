//! The inventory: which functions read and write at which level, for `diesel-routing export`.

use diesel_routing::config::RoutingConfig;
use diesel_routing::edge::Rule;
use diesel_routing::inventory::Inventory;
use diesel_routing::{Class, Level, Priority};

use crate::site::{OWN_PAGES, SHOP_WINDOW};

/// Returns the classes of the router, by name.
pub(crate) fn classes() -> [(&'static str, Class); 2] {
    [
        (SHOP_WINDOW, Class::new().priority(Priority::Low)),
        (OWN_PAGES, Class::new().priority(Priority::High)),
    ]
}

/// Returns the rules of the edge.
pub(crate) fn rules() -> [Rule; 1] {
    [Rule::new("/admin", Level::Strong)]
}

/// Collects the service's functions, classes and rules.
#[must_use]
pub fn inventory() -> Inventory {
    let inventory = Inventory::collect(&RoutingConfig::default()).rules(rules());
    classes()
        .into_iter()
        .fold(inventory, |inventory, (name, class)| {
            inventory.class(name, class)
        })
}

use super::derive;
use crate::snapshot::assert_expansion;

fn snapshots(cases: &[(&str, &str)]) {
    for (name, input) in cases {
        assert_expansion!(*name, *input, derive(input.parse().unwrap()));
    }
}

#[test]
fn each_method_asks_the_variant() {
    snapshots(&[(
        "two_variants",
        "pub enum Any { Postgres(PgConnection), Sqlite(diesel::SqliteConnection) }",
    )]);
}

#[test]
fn what_is_no_enum_of_connections_is_refused() {
    snapshots(&[
        ("no_enum", "struct Any(PgConnection);"),
        ("no_variants", "enum Any {}"),
        (
            "two_in_a_variant",
            "enum Any { Postgres(PgConnection, u8) }",
        ),
        ("named", "enum Any { Postgres { conn: PgConnection } }"),
        ("none_in_a_variant", "enum Any { Postgres }"),
        ("generic", "enum Any<C> { Postgres(C) }"),
        (
            "unknown_word",
            "#[routed_connection(name = \"x\")] enum Any { Postgres(PgConnection) }",
        ),
    ]);
}

#[test]
fn the_crate_may_have_another_path() {
    let input = "#[routed_connection(crate = \"my::routing\")] enum Any { Postgres(PgConnection) }";
    let expansion = derive(input.parse().unwrap()).to_string();
    assert!(expansion.contains("my :: routing :: sync :: RoutedConnection"));
    assert!(!expansion.contains(":: diesel_routing ::"));
}

/// One that is missing would be the trait's default, which knows nothing of the variant.
#[test]
fn no_method_of_the_trait_is_left_to_its_default() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/sync/connection.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let file = syn::parse_file(&source).unwrap();
    let methods = file.items.iter().find_map(|item| match item {
        syn::Item::Trait(item) if item.ident == "RoutedConnection" => Some(&item.items),
        _ => None,
    });
    let expansion = derive("enum Any { Postgres(PgConnection) }".parse().unwrap()).to_string();
    for method in methods.unwrap() {
        if let syn::TraitItem::Fn(method) = method {
            let name = &method.sig.ident;
            assert!(
                expansion.contains(&format!("fn {name} (")),
                "`{name}` is missing"
            );
        }
    }
}

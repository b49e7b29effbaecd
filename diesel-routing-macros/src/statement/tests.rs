use super::derive;
use crate::snapshot::assert_expansion;

fn snapshots(cases: &[(&str, &str)]) {
    for (name, input) in cases {
        assert_expansion!(*name, *input, derive(input.parse().unwrap()));
    }
}

#[test]
fn a_word_becomes_the_effect() {
    snapshots(&[
        ("word_read", "#[statement(read)] struct Now;"),
        (
            "word_row_lock",
            "#[statement(row_lock)] pub struct Locked(i32);",
        ),
        ("word_write", "#[statement(write)] struct Bump { by: i32 }"),
        (
            "word_on_enum",
            "#[statement(read)] enum Either { Left(i32), Right { a: i32 } }",
        ),
        (
            "word_on_union",
            "#[statement(read)] union Bits { a: u32, b: f32 }",
        ),
        (
            "word_beside_other_attributes",
            "#[derive(Debug)] /** Docs. */ #[statement(read,)] struct Now { #[serde(skip)] a: i32 }",
        ),
    ]);
}

#[test]
fn generics_are_kept() {
    snapshots(&[
        (
            "generics_word",
            "#[statement(read)] struct Page<'a, 'b: 'a, T: ?Sized + Clone = str, const N: usize = 3>
             where T: Send, [u8; N]: Sized { query: &'a T, rest: &'b [u8; N] }",
        ),
        (
            "generics_field",
            "struct Page<'a, T: Clone = i32, const N: usize = 3> where T: Send, &'a T: Copy
             { #[statement(effect)] query: &'a T, sizes: [u8; N] }",
        ),
        ("generics_taken_name", "struct Page<__M, const __M_: usize> { #[statement(effect)] query: __M }"),
    ]);
}

#[test]
fn a_field_lends_its_effect() {
    snapshots(&[
        (
            "field_named",
            "struct Paginated<T> { #[statement(effect)] query: T, page: i64 }",
        ),
        (
            "field_of_tuple",
            "struct Counted<T>(#[statement(effect)] T, i64);",
        ),
        (
            "field_of_concrete_type",
            "struct Wrapped { #[statement(effect)] query: Box<crate::Inner> }",
        ),
        (
            "field_after_where",
            "struct Wrapped<T> where T: Send, { #[statement(effect)] query: T }",
        ),
    ]);
}

#[test]
fn the_crate_can_be_elsewhere() {
    snapshots(&[
        (
            "crate_word",
            r#"#[statement(read, crate = "crate::db::routing")] struct Now;"#,
        ),
        (
            "crate_field",
            r#"#[statement(crate = "::my_db")] struct Page<T> { #[statement(effect)] query: T }"#,
        ),
        (
            "crate_in_two_attributes",
            r#"#[statement(crate = "my_db")] #[statement(write)] struct Now;"#,
        ),
    ]);
}

#[test]
fn one_mistake_gives_one_error_and_an_impl() {
    snapshots(&[
        ("error_missing", "struct Now;"),
        (
            "error_missing_in_empty_attribute",
            "#[statement()] struct Now { a: i32 }",
        ),
        ("error_missing_on_enum", "enum Either { Left, Right }"),
        ("error_unknown_word", "#[statement(reads)] struct Now;"),
        ("error_unknown_path", "#[statement(a::b)] struct Now;"),
        (
            "error_unknown_word_on_field",
            "struct Now { #[statement(read)] a: i32 }",
        ),
        (
            "error_effect_on_type",
            "#[statement(effect)] struct Now { a: i32 }",
        ),
        ("error_two_words", "#[statement(read, write)] struct Now;"),
        (
            "error_same_word_twice",
            "#[statement(read)] #[statement(read)] struct Now;",
        ),
        (
            "error_word_and_field",
            "#[statement(read)] struct Page<T> { #[statement(effect)] query: T }",
        ),
        (
            "error_two_fields",
            "struct Join<A, B> { #[statement(effect)] a: A, #[statement(effect)] b: B }",
        ),
        (
            "error_field_twice",
            "struct Page<T> { #[statement(effect, effect)] query: T }",
        ),
        (
            "error_field_of_enum",
            "enum Either<T> { Left(#[statement(effect)] T), Right }",
        ),
        (
            "error_field_of_union",
            "union Bits { #[statement(effect)] a: u32 }",
        ),
        (
            "error_on_variant",
            "#[statement(read)] enum Either { #[statement(write)] Left }",
        ),
        (
            "error_word_with_value",
            "#[statement(read = 5)] struct Now;",
        ),
        ("error_without_parentheses", "#[statement] struct Now;"),
        ("error_name_value", "#[statement = \"read\"] struct Now;"),
        (
            "error_crate_without_value",
            "#[statement(read, crate)] struct Now;",
        ),
        (
            "error_crate_is_no_path",
            "#[statement(read, crate = \"a b\")] struct Now;",
        ),
        (
            "error_crate_twice",
            "#[statement(read, crate = \"a\", crate = \"b\")] struct Now;",
        ),
    ]);
}

#[test]
fn two_mistakes_give_two_errors() {
    snapshots(&[(
        "error_two_mistakes",
        "#[statement(reads)] struct Now { #[statement(write)] a: i32 }",
    )]);
}

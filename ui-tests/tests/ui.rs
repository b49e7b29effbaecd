//! probe
#[test]
fn fail() {
    trybuild::TestCases::new().compile_fail("tests/fail/**/*.rs");
}

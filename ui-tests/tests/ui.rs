//! What must compile and what must not, with the words that the compiler finds for it.

#[expect(dead_code, reason = "compiling is the test")]
mod pass;

/// After a change of words: `TRYBUILD=overwrite cargo test -p ui-tests`, then read the difference.
#[test]
fn what_must_not_compile_does_not_and_says_why() {
    trybuild::TestCases::new().compile_fail("tests/fail/**/*.rs");
}

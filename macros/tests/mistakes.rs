//! What a user sees after a mistake: one file for each, and what rustc says of it beside.
//!
//! The texts belong to the pinned toolchain; `TRYBUILD=overwrite cargo test -p aggboot-macros --test mistakes`
//! writes them anew.

#[test]
fn mistakes_are_reported_on_the_word_that_is_wrong() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

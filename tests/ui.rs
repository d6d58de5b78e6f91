//! What the compiler says: each file in `ui/fail` has one fault, told in the file beside it, and
//! each in `ui/pass` compiles and runs.
//!
//! They are two tests because only cases that are all meant to fail are compiled in one go.

#[test]
fn faults_are_told_so_that_a_newcomer_understands() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn what_may_be_written_compiles_and_runs() {
    trybuild::TestCases::new().pass("pass/*.rs");
}

//! What the compiler says: each file in `ui/fail` has one fault, told in the file beside it, and
//! each in `ui/pass` compiles and runs.

#[test]
fn faults_are_told_so_that_a_newcomer_understands() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/fail/*.rs");
    cases.pass("ui/pass/*.rs");
}

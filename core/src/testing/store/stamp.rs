//! The macro that stamps a test for each rule, and the list of the rules.

use std::{future::Future, time::Duration};

use tokio::runtime::Builder;

use super::{Failure, Outcome};

/// Longer than any rule takes on a store that works.
const LIMIT: Duration = Duration::from_mins(2);

/// Runs one rule on a runtime of its own, with several threads and a limit of two minutes.
pub fn run(rule: impl Future<Output = Outcome>) -> Outcome {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
    let outcome = runtime.block_on(async { tokio::time::timeout(LIMIT, rule).await });
    runtime.shutdown_background();
    outcome.unwrap_or_else(|_| Err(Failure::new("the rule did not come to an end in two minutes")))
}

/// Stamps one `#[test]` for each rule of the groups named, in a module for each group.
///
/// The first argument makes the [`Subject`](crate::testing::store::Subject); it runs anew for
/// each test. `all` stands for the rules that every store keeps; `durable` and `shared` need
/// [`Reopen`](crate::testing::store::Reopen), `positioned` needs
/// [`Positioned`](crate::testing::store::Positioned). A store that cannot do everything names
/// the groups that it is tested with, one by one.
///
/// ```
/// use std::sync::Arc;
///
/// use actum::{store::{BoxFuture, Memory, Store}, testing::store::Subject};
///
/// struct InMemory;
///
/// impl Subject for InMemory {
///     fn fresh(&self) -> BoxFuture<'_, actum::Result<Arc<dyn Store>>> {
///         Box::pin(async { Ok(Arc::new(Memory::new()) as Arc<dyn Store>) })
///     }
/// }
///
/// actum::testing::conformance!(InMemory; all);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! conformance {
    ($subject:expr; $($group:ident),+ $(,)?) => {
        $($crate::__conformance_rules! { {$crate::__conformance_stamp} {$subject} $group })+
    };
}

/// The tests of one group.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_stamp {
    ($group:ident {$subject:expr} [$($rule:ident)+]) => {
        mod $group {
            #[allow(unused_imports, reason = "the expression for the subject may need them")]
            use super::*;

            $(
                #[test]
                fn $rule() -> ::core::result::Result<(), $crate::testing::store::Failure> {
                    $crate::testing::store::run(async {
                        let subject = $subject;
                        $crate::testing::store::$group::$rule(&subject).await
                    })
                }
            )+
        }
    };
}

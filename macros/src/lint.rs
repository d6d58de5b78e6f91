//! Lints that the required signatures would set off in the user's own methods.

use proc_macro2::TokenStream;
use quote::quote;

/// Stands before a block: an event comes by value, an action answers with a `Result` and takes
/// `&self`, whether or not its body needs that.
pub(crate) fn allow() -> TokenStream {
    quote! {
        #[allow(
            clippy::needless_pass_by_value,
            clippy::unnecessary_wraps,
            clippy::unused_self,
            reason = "the signature is the declaration"
        )]
    }
}

//! Errors of one expansion, gathered so that a user sees all of them at once.
//!
//! They become `compile_error!` calls beside whatever else is expanded: nothing here stops.

use std::{cell::RefCell, fmt::Display};

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The errors found so far.
#[derive(Default)]
pub(crate) struct Ctxt {
    errors: RefCell<Vec<syn::Error>>,
}

impl Ctxt {
    /// Notes an error at the tokens it is about.
    pub(crate) fn error(&self, at: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    /// Notes an error that has its place already.
    pub(crate) fn push(&self, error: syn::Error) {
        self.errors.borrow_mut().push(error);
    }

    /// Unwraps a result, or notes its error.
    pub(crate) fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// How many errors there are.
    pub(crate) fn count(&self) -> usize {
        self.errors.borrow().len()
    }

    /// What makes rustc report the errors.
    pub(crate) fn into_errors(self) -> TokenStream {
        self.errors.into_inner().iter().map(syn::Error::to_compile_error).collect()
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn all_errors_are_reported_in_order() {
        let ctxt = Ctxt::default();
        ctxt.error(quote!(a), "first");
        assert_eq!(ctxt.ok(Ok(1)), Some(1));
        assert_eq!(ctxt.ok::<()>(Err(syn::Error::new_spanned(quote!(b), "second"))), None);
        assert_eq!(ctxt.count(), 2);

        let text = ctxt.into_errors().to_string();
        assert!(text.find("first") < text.find("second"), "{text}");
        assert_eq!(text.matches("compile_error").count(), 2);
    }

    #[test]
    fn no_error_expands_to_nothing() {
        assert!(Ctxt::default().into_errors().is_empty());
    }
}

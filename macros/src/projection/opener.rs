//! Handlers that open personal values, `fn(&mut self, &Committed<E>, &Opener) -> actum::Result<()>`.
//!
//! A projection with such a handler must handle `Forgotten` too; rustc checks it by a supertrait.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Type;

use crate::{
    attr::Krate,
    block::Method,
    method::{self, Access, Shape},
};

pub(super) const SHAPE: Shape = Shape {
    what: "a handler that opens personal values",
    receiver: Access::Exclusive,
    why: "it changes the read model",
    example: "fn named(&mut self, event: &Committed<Named>, opener: &Opener) -> actum::Result<()>",
};

/// Whether the second argument is an opener: it is known by its name, as `Committed` is.
pub(super) fn is_taken(method: &Method) -> bool {
    let Some(second) = method::typed(&method.sig.inputs).nth(1) else { return false };
    let named = match &*second.ty {
        Type::Reference(reference) => &*reference.elem,
        ty => ty,
    };
    let Type::Path(path) = named else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "Opener")
}

/// That the projection opens values.
pub(super) fn constant(p: &TokenStream) -> TokenStream {
    quote!(const PERSONAL: #p::core::primitive::bool = true;)
}

/// Has rustc check that the projection forgets as well.
pub(super) fn implement(krate: &Krate, self_ty: &Type) -> TokenStream {
    let p = krate.private(Span::call_site());
    quote! {
        #[automatically_derived]
        impl #p::OpensPersonal for #self_ty {}
    }
}

//! SQL projections: handlers that take the transaction of a store as well,
//! `fn(&self, &Committed<E>, &SqliteTransaction<'_>) -> rusqlite::Result<()>`.
//!
//! `fn create` and `fn reset` take the transaction alone.

use std::collections::HashMap;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{PatType, PathArguments, ReturnType, Type, spanned::Spanned};

use super::{event, merge, name};
use crate::{
    attr::{self, Options},
    block::{Block, Method},
    ctxt::Ctxt,
    docs,
    method::{self, Access, Argument, Shape},
    span,
};

const SHAPE: Shape = Shape {
    what: "a handler of a SQL projection",
    receiver: Access::Shared,
    why: "its tables are its state",
    example: "fn checked_out(&self, event: &Committed<CheckedOut>, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()>",
};

const STEP: Shape = Shape {
    what: "`create` or `reset` of a SQL projection",
    example: "fn create(&self, tx: &SqliteTransaction<'_>) -> rusqlite::Result<()>",
    ..SHAPE
};

/// What the methods without an event are called.
const STEPS: [&str; 2] = ["create", "reset"];

/// A method and what it takes.
struct Handler<'a> {
    method: &'a Method,
    argument: Argument<'a>,
    event: &'a Type,
}

/// Whether a block writes tables: one of its methods takes a transaction, or something behind the
/// event.
pub(super) fn is_sql(block: &Block) -> bool {
    block.methods().filter(|method| !merge::is_merge(method)).any(|method| {
        let arguments: Vec<_> = method::typed(&method.sig.inputs).collect();
        arguments.len() > 1 || arguments.iter().any(|argument| is_transaction(&argument.ty))
    })
}

pub(super) fn implement(ctxt: &Ctxt, options: &Options, block: &Block) -> TokenStream {
    let mut found = Found::default();
    for method in block.methods() {
        if merge::is_merge(method) {
            merge::refuse(ctxt, method);
        } else {
            found.method(ctxt, method);
        }
    }
    let Found { handlers, steps, transaction, .. } = found;
    if let Some(key) = &options.key {
        ctxt.error(key, "a SQL projection has no documents: its tables have keys of their own");
    }
    if let Some(partitions) = options.partitions {
        ctxt.error(partitions, "a SQL projection has no documents to be spread over workers");
    }
    if handlers.is_empty() && ctxt.count() == 0 {
        ctxt.error(
            &block.self_ty,
            format_args!(
                "a SQL projection without handlers writes nothing; add one, as in `{}`",
                SHAPE.example
            ),
        );
    }
    if let Some(version) = options.version.filter(|version| version.value > 1)
        && !steps.iter().any(|step| step.name() == "reset")
    {
        ctxt.error(
            version,
            "a version above 1 writes its tables anew: add a `fn reset(&self, tx)` that drops or empties those of the version before",
        );
    }
    let Some(name) = name(ctxt, options, &block.self_ty) else { return TokenStream::new() };
    attr::check_name(ctxt, &name, "a projection");
    let Some(transaction) = transaction else { return TokenStream::new() };

    let p = options.krate.private(Span::call_site());
    let version = options.version.map_or(1, |version| version.value);
    let docs = docs::of(&block.attrs);
    let self_ty = &block.self_ty;
    let impls = handlers.iter().map(|handler| handle(options, self_ty, handler));
    let entries = handlers.iter().map(|Handler { method, event, .. }| {
        let cfgs = method.cfgs();
        let name = method.name();
        let docs = method.docs();
        quote!(#cfgs #p::SqlHandler::of::<#event>(#name, #docs))
    });
    let steps = steps.iter().map(|step| self::step(options, step));
    let store = store(options, transaction);
    quote! {
        #(#impls)*

        #[automatically_derived]
        impl #p::SqlProjection for #self_ty {
            type Store = #store;
            const NAME: &'static #p::core::primitive::str = #name;
            const VERSION: #p::core::primitive::u32 = #version;
            const DOCS: &'static #p::core::primitive::str = #docs;
            const HANDLERS: &'static [#p::SqlHandler<Self>] = &[#(#entries),*];
            #(#steps)*
        }
    }
}

/// What the methods of a block are.
#[derive(Default)]
struct Found<'a> {
    handlers: Vec<Handler<'a>>,
    /// `create` and `reset`.
    steps: Vec<&'a Method>,
    /// The first transaction, which all others must be.
    transaction: Option<&'a PatType>,
    /// Which handler takes an event.
    seen: HashMap<String, String>,
}

impl<'a> Found<'a> {
    fn method(&mut self, ctxt: &Ctxt, method: &'a Method) {
        let before = ctxt.count();
        attr::refuse(
            ctxt,
            "given",
            &method.attrs,
            "on an action: a projection cannot refuse an event",
        );
        let arguments: Vec<&PatType> = method::typed(&method.sig.inputs).collect();
        let is_step = STEPS.contains(&method.name().as_str())
            && arguments.first().is_none_or(|first| event(&first.ty).is_none());
        let shape = if is_step { STEP } else { SHAPE };
        shape.check(ctxt, method);
        if let ReturnType::Default = method.sig.output {
            let ident = method.ident();
            ctxt.error(
                ident,
                format_args!(
                    "`{ident}` returns nothing, but its statements can fail; write it as in `{}`",
                    shape.example
                ),
            );
        }
        let takes = if is_step { 1 } else { 2 };
        for extra in arguments.iter().skip(takes) {
            let what = if is_step { "the transaction" } else { "an event and the transaction" };
            ctxt.error(
                extra,
                format_args!("{} takes {what}, as in `{}`", shape.what, shape.example),
            );
        }
        match (is_step, &arguments[..]) {
            (true, [transaction, ..]) => {
                self.transaction(ctxt, transaction);
                if ctxt.count() == before {
                    self.steps.push(method);
                }
            }
            (false, [argument, transaction, ..]) => {
                self.transaction(ctxt, transaction);
                self.handler(ctxt, method, argument, before);
            }
            (false, [only]) if is_transaction(&only.ty) => ctxt.error(
                method.ident(),
                format_args!(
                    "`{}` takes no event: such a method is `create`, which makes the tables, or `reset`, which drops or empties them; others belong in a plain `impl` block",
                    method.ident(),
                ),
            ),
            (_, missing) => {
                if ctxt.count() == before {
                    let what = match missing {
                        [_] => "takes the transaction too: the other methods here do",
                        _ if is_step => "takes the transaction",
                        _ => "takes an event and the transaction",
                    };
                    ctxt.error(
                        method.ident(),
                        format_args!("{} {what}; write `{}`", shape.what, shape.example),
                    );
                }
            }
        }
    }

    fn handler(&mut self, ctxt: &Ctxt, method: &'a Method, first: &'a PatType, before: usize) {
        let argument = Argument { colon: first.colon_token.span, ty: &first.ty };
        let Some(event) = event(argument.ty) else {
            ctxt.error(
                argument.ty,
                format_args!(
                    "{} takes a committed event by reference, as in `{}`",
                    SHAPE.what, SHAPE.example
                ),
            );
            return;
        };
        if ctxt.count() > before {
            return;
        }
        if method.cfgs().is_empty() {
            let text = method::text(event);
            if let Some(first) = self.seen.get(&text) {
                ctxt.error(event, format_args!("`{text}` is already handled by `{first}`"));
                return;
            }
            self.seen.insert(text, method.name());
        }
        self.handlers.push(Handler { method, argument, event });
    }

    fn transaction(&mut self, ctxt: &Ctxt, found: &'a PatType) {
        let Some(transaction) = shared(&found.ty) else {
            ctxt.error(
                &found.ty,
                "the transaction is lent by shared reference, as in `tx: &SqliteTransaction<'_>` or `tx: &PostgresTransaction<'_>`",
            );
            return;
        };
        let Some(first) = self.transaction else {
            self.transaction = Some(found);
            return;
        };
        let text = |ty: &Type| method::text(&named(ty));
        if let Some(other) = shared(&first.ty)
            && text(other) != text(transaction)
        {
            ctxt.error(
                transaction,
                format_args!(
                    "all methods of a SQL projection take the same transaction, and the first takes `{}`",
                    method::text(other)
                ),
            );
        }
    }
}

/// The type behind `&`; `None` when it is no shared reference.
fn shared(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => Some(&reference.elem),
        _ => None,
    }
}

/// Whether a type is called a transaction, by reference or not.
fn is_transaction(ty: &Type) -> bool {
    let ty = match ty {
        Type::Reference(reference) => &*reference.elem,
        ty => ty,
    };
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident.to_string().ends_with("Transaction"))
}

/// The store whose transaction a method takes.
fn store(options: &Options, transaction: &PatType) -> TokenStream {
    let at = transaction.colon_token.span;
    let Some(ty) = shared(&transaction.ty) else { return TokenStream::new() };
    let p = options.krate.private(at);
    let named = named(ty);
    let open = quote_spanned!(at=> <);
    let close = quote_spanned!(span::last(&ty)=> as #p::SqlTransaction>::Store);
    quote!(#open #named #close)
}

/// The type with its lifetimes spelt out, as it must be where nothing can be left out.
fn named(ty: &Type) -> TokenStream {
    let bare = match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            is_transaction(ty) && matches!(last.arguments, PathArguments::None)
        }),
        _ => false,
    };
    let ended = ended(ty.to_token_stream());
    if bare { quote_spanned!(span::last(ty)=> #ended<'static>) } else { ended }
}

/// The same tokens with every lifetime `'static`.
fn ended(tokens: TokenStream) -> TokenStream {
    let mut is_lifetime = false;
    let replace = |token: TokenTree| {
        let was_quote = std::mem::take(&mut is_lifetime);
        match token {
            TokenTree::Punct(punct) => {
                is_lifetime = punct.as_char() == '\'';
                TokenTree::Punct(punct)
            }
            TokenTree::Ident(ident) if was_quote => Ident::new("static", ident.span()).into(),
            TokenTree::Group(group) => Group::new(group.delimiter(), ended(group.stream())).into(),
            token => token,
        }
    };
    tokens.into_iter().map(replace).collect()
}

fn handle(options: &Options, self_ty: &Type, handler: &Handler<'_>) -> TokenStream {
    let Handler { method, argument, event } = handler;
    let p = options.krate.private(argument.colon);
    let open = quote_spanned!(argument.colon=> #p::SqlHandles<);
    let close = quote_spanned!(argument.ty.span()=> >);
    let attrs = method.impl_attrs();
    let p = options.krate.private(Span::call_site());
    let ident = method.ident();
    let answer = answer(options, method, &quote!(Self::#ident(self, __event, __tx)));
    quote! {
        #attrs
        impl #open #event #close for #self_ty {
            fn handle<'__a>(
                &'__a self,
                __event: &'__a #p::Committed<#event>,
                __tx: &'__a #p::Tx<'__a, Self>,
            ) -> #p::Answer<'__a, Self> {
                #answer
            }
        }
    }
}

fn step(options: &Options, method: &Method) -> TokenStream {
    let p = options.krate.private(Span::call_site());
    let cfgs = method.cfgs();
    let ident = method.ident();
    let answer = answer(options, method, &quote!(Self::#ident(self, __tx)));
    let step = Ident::new(&format!("{}_tables", method.name()), Span::call_site());
    quote! {
        #cfgs
        fn #step<'__a>(
            &'__a self,
            __tx: &'__a #p::Tx<'__a, Self>,
        ) -> #p::core::option::Option<#p::Answer<'__a, Self>> {
            #p::core::option::Option::Some(#answer)
        }
    }
}

/// What a call answers, at once or later; rustc shows at `fn` or `async` when it is the wrong one.
fn answer(options: &Options, method: &Method, call: &TokenStream) -> TokenStream {
    let p = options.krate.private(Span::call_site());
    let returned = match &method.sig.output {
        ReturnType::Type(arrow, _) => arrow.spans[0],
        ReturnType::Default => method.ident().span(),
    };
    let answered = span::moved(quote!(#p::answered), returned);
    let call = span::moved(call, returned);
    let store = quote!(<Self as #p::SqlProjection>::Store);
    if let Some(token) = &method.sig.asyncness {
        let awaiting = span::moved(quote!(<#store as #p::Awaiting>::answer), token.span());
        quote!(#awaiting(#p::std::boxed::Box::pin(async move { #answered(#call.await) })))
    } else {
        let blocking =
            span::moved(quote!(<#store as #p::Blocking>::answer), method.sig.fn_token.span);
        quote!(#blocking(#answered(#call)))
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn lifetimes_are_spelt_out() {
        let ty: Type = parse_quote!(SqliteTransaction<'_>);
        assert_eq!(named(&ty).to_string(), "SqliteTransaction < 'static >");
        let ty: Type = parse_quote!(actum::store::SqliteTransaction);
        assert_eq!(named(&ty).to_string(), "actum :: store :: SqliteTransaction < 'static >");
    }
}

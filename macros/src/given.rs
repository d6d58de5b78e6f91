//! `#[given(open, paid)]` on an action, `#[action(given(open))]` on the block: preconditions, by the
//! names of their methods.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Meta, ReturnType, Token, ext::IdentExt, parse::Parser, punctuated::Punctuated};

use crate::{
    attr::Krate,
    block::{Block, Method},
    ctxt::Ctxt,
    method::{self, Access, Shape},
    suggest,
};

const SHAPE: Shape = Shape {
    what: "a precondition",
    receiver: Access::Shared,
    why: "it only looks at the state",
    example: "fn open(&self) -> bool",
};

/// The preconditions of one action, in the order of their checks: those of the block come first.
pub(crate) fn of(ctxt: &Ctxt, block: &[Ident], action: &Method) -> Vec<Ident> {
    let mut names = block.to_vec();
    for attr in action.attrs.iter().filter(|attr| attr.path().is_ident("given")) {
        read(ctxt, &attr.meta, &mut names, block);
    }
    names
}

/// Takes `given(…)` out of the arguments of `#[action(…)]`: the preconditions of every action.
pub(crate) fn of_block(ctxt: &Ctxt, args: TokenStream) -> (Vec<Ident>, TokenStream) {
    let mut names = Vec::new();
    let mut others = TokenStream::new();
    // What is no list of options is for the reader of the options to tell.
    let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
    let Ok(options) = parser.parse2(args.clone()) else { return (names, args) };
    for pair in options.into_pairs() {
        let option = pair.value();
        let word = option.path().get_ident().map(ToString::to_string).unwrap_or_default();
        if word != "given" {
            if suggest::closest(&word, &["given", "crate"]) != Some("given") {
                pair.to_tokens(&mut others);
                continue;
            }
            // What was meant is read on, so that it is not missing as well.
            ctxt.error(
                option.path(),
                format_args!("unknown option `{word}`; did you mean `given`?"),
            );
        }
        read(ctxt, option, &mut names, &[]);
    }
    (names, others)
}

/// Reads the names in `given(open, paid)`.
fn read(ctxt: &Ctxt, given: &Meta, names: &mut Vec<Ident>, block: &[Ident]) {
    let list = match given {
        Meta::List(list) => {
            list.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated).ok()
        }
        Meta::Path(_) | Meta::NameValue(_) => None,
    };
    let Some(list) = list.filter(|list| !list.is_empty()) else {
        ctxt.error(
            given,
            "`given` names methods `fn(&self) -> bool` or `fn(&self) -> Result<(), E>`, as in `#[given(open, paid)]`",
        );
        return;
    };
    for name in list {
        if block.contains(&name) {
            ctxt.error(&name, format_args!("`{name}` is given to every action of this block"));
        } else if names.contains(&name) {
            ctxt.error(&name, format_args!("`{name}` is given twice"));
        } else {
            names.push(name);
        }
    }
}

/// Whether this method of an action block is a precondition: it has `&self` and no input.
pub(crate) fn is_precondition(method: &Method) -> bool {
    method.sig.receiver().is_some() && method::typed(&method.sig.inputs).next().is_none()
}

/// The preconditions that stand in the block.
pub(crate) fn inside(block: &Block) -> impl Iterator<Item = &Method> {
    block.methods().filter(|method| is_precondition(method))
}

/// The method of the block that was meant by a name that no method of the block has.
pub(crate) fn meant(block: &Block, named: &[Ident], name: &Ident) -> Option<Ident> {
    if inside(block).any(|method| method.ident() == name) {
        return None;
    }
    let unnamed: Vec<(&Ident, String)> = inside(block)
        .filter(|method| !named.contains(method.ident()))
        .map(|method| (method.ident(), method.name()))
        .collect();
    let texts: Vec<&str> = unnamed.iter().map(|(_, text)| text.as_str()).collect();
    let closest = suggest::closest(&name.unraw().to_string(), &texts)?;
    unnamed.iter().find(|(_, text)| text == closest).map(|(ident, _)| (*ident).clone())
}

/// Checks that a precondition of the block is named by an action.
pub(crate) fn check_named(ctxt: &Ctxt, precondition: &Method, named: &[Ident]) {
    let ident = precondition.ident();
    if !named.contains(ident) {
        ctxt.error(
            ident,
            format_args!(
                "`{ident}` takes no input, so it is a precondition, but no action here has `#[given({ident})]`; an action takes an input, as in `fn {ident}(&self, input: SomeInput)`, and other methods belong in a plain `impl` block"
            ),
        );
    }
}

/// Checks the signature of a precondition of the block.
pub(crate) fn check_signature(ctxt: &Ctxt, precondition: &Method) {
    let ident = precondition.ident();
    for attr in precondition.attrs.iter().filter(|attr| attr.path().is_ident("given")) {
        ctxt.error(
            attr,
            format_args!("`#[given(…)]` belongs on an action, and `{ident}` takes no input"),
        );
    }
    SHAPE.check(ctxt, precondition);
    let right = format!("write `fn {ident}(&self) -> bool` or `-> Result<(), SomeError>`");
    match &precondition.sig.output {
        ReturnType::Default => {
            ctxt.error(ident, format_args!("the precondition `{ident}` cannot refuse: {right}"));
        }
        ReturnType::Type(_, ty) if method::text(ty) == "()" => {
            ctxt.error(ty, format_args!("the precondition `{ident}` cannot refuse: {right}"));
        }
        ReturnType::Type(..) => {}
    }
}

/// The call that checks a precondition; rustc shows its errors at the name.
pub(crate) fn call(krate: &Krate, block: &Block, name: &Ident) -> TokenStream {
    let p = krate.private(name.span());
    let text = name.unraw().to_string();
    let docs = inside(block).find(|method| method.ident() == name).map(Method::docs);
    let docs = docs.unwrap_or_default();
    quote_spanned!(name.span()=> #p::given(Self::#name(self), #text, #docs)?;)
}

/// The entries for `Actions::GIVEN`: those of the block in their order, then the others.
pub(crate) fn entries(krate: &Krate, block: &Block, named: &[Ident]) -> Vec<TokenStream> {
    let p = krate.private(Span::call_site());
    let inside: Vec<&Method> =
        inside(block).filter(|method| named.contains(method.ident())).collect();
    let outside = named.iter().filter(|name| inside.iter().all(|method| method.ident() != *name));
    let entry = |name: &Ident, docs: &str, cfgs: TokenStream| {
        let text = name.unraw().to_string();
        let at = krate.private(name.span());
        // The same call as an action's, so that rustc tells the same fault once.
        let outcome = quote_spanned!(name.span()=> #at::given(Self::#name(__state), #text, #docs));
        quote! {
            #cfgs
            #p::Given {
                name: #text,
                docs: #docs,
                check: |__state| #p::refusal(#outcome),
            }
        }
    };
    let mut entries = Vec::new();
    for method in &inside {
        let name = named.iter().find(|name| *name == method.ident()).unwrap_or(method.ident());
        entries.push(entry(name, &method.docs(), method.cfgs()));
    }
    for name in outside {
        entries.push(entry(name, "", TokenStream::new()));
    }
    entries
}

/// The names as data.
pub(crate) fn texts(names: &[Ident]) -> impl Iterator<Item = impl ToTokens> {
    names.iter().map(|name| name.unraw().to_string())
}

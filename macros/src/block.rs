//! An inherent `impl` block: signatures are read, bodies stay opaque tokens.
//!
//! A half-typed body is therefore never a reason for a macro to fail, and nothing reads it twice.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, Generics, Ident, Signature, Token, Type, Visibility, braced,
    ext::IdentExt,
    parse::{Parse, ParseStream, discouraged::Speculative},
    token,
};

use crate::{ctxt::Ctxt, docs};

/// An `impl` block and its items.
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    impl_token: Token![impl],
    generics: Generics,
    of_trait: Option<Type>,
    pub(crate) self_ty: Type,
    brace: token::Brace,
    inner_attrs: Vec<Attribute>,
    items: Vec<Item>,
}

enum Item {
    Method(Box<Method>),
    Other(TokenStream),
}

/// A function of the block.
pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    pub(crate) sig: Signature,
    body: TokenTree,
}

impl Block {
    /// Reads the item under the attribute `#[macro_name]`.
    pub(crate) fn read(ctxt: &Ctxt, macro_name: &str, item: TokenStream) -> Option<Self> {
        if !is_impl(&item) {
            let first = item.clone().into_iter().take_while(|token| !is_braces(token));
            ctxt.error(
                first.collect::<TokenStream>(),
                format_args!(
                    "`#[{macro_name}]` belongs on a whole `impl` block, as in `#[{macro_name}] impl {} {{ … }}`",
                    match macro_name {
                        "projection" => "SalesByDay",
                        "reaction" => "Payment",
                        _ => "Cart",
                    },
                ),
            );
            return None;
        }
        let block: Self = ctxt.ok(syn::parse2(item))?;
        if let Some(of_trait) = &block.of_trait {
            ctxt.error(
                of_trait,
                format_args!("`#[{macro_name}]` belongs on an `impl` block without a trait"),
            );
            return None;
        }
        if !block.generics.params.is_empty() {
            ctxt.error(
                &block.generics,
                format_args!("a `#[{macro_name}]` block cannot be generic"),
            );
            return None;
        }
        Some(block)
    }

    /// The functions, in their order.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.items.iter().filter_map(|item| match item {
            Item::Method(method) => Some(&**method),
            Item::Other(_) => None,
        })
    }

    /// Removes the attributes of this name from the functions: they are the macro's own.
    pub(crate) fn strip(&mut self, name: &str) {
        for item in &mut self.items {
            if let Item::Method(method) = item {
                method.attrs.retain(|attr| !attr.path().is_ident(name));
            }
        }
    }
}

impl Method {
    pub(crate) fn ident(&self) -> &Ident {
        &self.sig.ident
    }

    /// Its name as data.
    pub(crate) fn name(&self) -> String {
        self.sig.ident.unraw().to_string()
    }

    pub(crate) fn docs(&self) -> String {
        docs::of(&self.attrs)
    }

    /// The conditions under which it is compiled; they hold for what is generated for it too.
    pub(crate) fn cfgs(&self) -> TokenStream {
        let cfgs = self.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
        cfgs.map(ToTokens::to_token_stream).collect()
    }

    /// What an impl needs that calls it: nothing may be said about the call, only about the method.
    pub(crate) fn impl_attrs(&self) -> TokenStream {
        let cfgs = self.cfgs();
        let is_deprecated = self.attrs.iter().any(|attr| attr.path().is_ident("deprecated"));
        let allow = is_deprecated.then(|| quote!(#[allow(deprecated)]));
        quote!(#cfgs #allow #[automatically_derived])
    }
}

fn is_impl(item: &TokenStream) -> bool {
    let read = |input: ParseStream<'_>| {
        Attribute::parse_outer(input)?;
        let is_impl = input.peek(Token![impl]) || input.peek2(Token![impl]);
        input.parse::<TokenStream>()?;
        Ok(is_impl)
    };
    syn::parse::Parser::parse2(read, item.clone()).unwrap_or(true)
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace)
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = Attribute::parse_outer(input)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let mut self_ty: Type = input.parse()?;
        let mut of_trait = None;
        if input.peek(Token![for]) {
            input.parse::<Token![for]>()?;
            of_trait = Some(std::mem::replace(&mut self_ty, input.parse()?));
        }
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        let inner_attrs = Attribute::parse_inner(&content)?;
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(content.parse()?);
        }
        Ok(Self {
            attrs,
            unsafety,
            impl_token,
            generics,
            of_trait,
            self_ty,
            brace,
            inner_attrs,
            items,
        })
    }
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        match ahead.parse::<Method>() {
            Ok(method) => {
                input.advance_to(&ahead);
                Ok(Self::Method(Box::new(method)))
            }
            Err(error) if starts_function(&input.fork()) => Err(error),
            Err(_) => Ok(Self::Other(other_item(input)?)),
        }
    }
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = Attribute::parse_outer(input)?;
        let vis = input.parse()?;
        let sig: Signature = input.parse()?;
        let body: TokenTree = input.parse()?;
        if !is_braces(&body) {
            return Err(Error::new_spanned(body, "expected the body of the method, `{ … }`"));
        }
        Ok(Self { attrs, vis, sig, body })
    }
}

fn starts_function(input: ParseStream<'_>) -> bool {
    let starts = |input: ParseStream<'_>| {
        Attribute::parse_outer(input)?;
        input.parse::<Visibility>()?;
        while !input.is_empty() && !input.peek(Token![fn]) {
            let modifier = input.peek(Token![const])
                || input.peek(Token![async])
                || input.peek(Token![unsafe])
                || input.peek(Token![extern])
                || input.peek(syn::LitStr);
            if !modifier {
                return Ok(false);
            }
            input.parse::<TokenTree>()?;
        }
        Ok::<_, Error>(input.peek(Token![fn]))
    };
    starts(input).unwrap_or(false)
}

/// Takes one constant, type or macro call as it is: up to a `;`, or the braces of a macro call.
fn other_item(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    let mut is_macro = false;
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let is_end = match &token {
            TokenTree::Punct(punct) => {
                is_macro |= punct.as_char() == '!' && tokens.clone().into_iter().count() > 0;
                punct.as_char() == ';'
            }
            token => is_macro && is_braces(token),
        };
        token.to_tokens(&mut tokens);
        if is_end {
            break;
        }
    }
    Ok(tokens)
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, unsafety, impl_token, generics, self_ty, inner_attrs, items, .. } = self;
        let where_clause = &generics.where_clause;
        quote!(#(#attrs)* #unsafety #impl_token #self_ty #where_clause).to_tokens(tokens);
        self.brace.surround(tokens, |tokens| {
            for attr in inner_attrs {
                attr.to_tokens(tokens);
            }
            for item in items {
                item.to_tokens(tokens);
            }
        });
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Method(method) => {
                let Method { attrs, vis, sig, body } = &**method;
                quote!(#(#attrs)* #vis #sig #body).to_tokens(tokens);
            }
            Self::Other(other) => other.to_tokens(tokens),
        }
    }
}

#[cfg(test)]
mod tests;

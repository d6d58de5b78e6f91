//! The form of a payload: its fields and their types, as its `Deserialize` asks for them.
//!
//! The names of Rust types are no part of it: only what is written counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What is known of a value's type.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Form {
    /// Nothing yet: an empty list tells nothing of its elements.
    #[default]
    Unknown,
    /// A type without parts.
    Scalar(&'static str),
    /// The type takes whatever comes; this came.
    Any(Box<Form>),
    /// A value or `null`.
    Option(Box<Form>),
    /// Values of one type.
    Seq(Box<Form>),
    /// Values of one type, by keys of another.
    Map(&'static str, Box<Form>),
    /// So many values of different types.
    Tuple(Vec<Form>),
    /// Named fields, and what other names are understood.
    Struct(BTreeMap<String, Form>, BTreeSet<&'static str>),
    /// One of several variants.
    Enum(BTreeMap<String, Form>),
}

/// The field of a payload that is no struct.
pub(super) const WHOLE: &str = "(payload)";

/// Behind the type of a field that may be missing.
pub(super) const OPTIONAL: &str = " (optional)";

impl Form {
    /// The form of a value of which the type does not ask.
    pub(super) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Scalar("null"),
            Value::Bool(_) => Self::Scalar("bool"),
            Value::Number(_) => Self::Scalar("number"),
            Value::String(_) => Self::Scalar("string"),
            Value::Array(values) => {
                Self::Seq(Box::new(values.first().map(Self::of_value).unwrap_or_default()))
            }
            Value::Object(fields) => {
                let field = |(name, value): (&String, _)| (name.clone(), Self::of_value(value));
                Self::Struct(fields.iter().map(field).collect(), BTreeSet::new())
            }
        }
    }

    /// The fields by their paths, with their types.
    pub(super) fn fields(&self) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        if !matches!(self, Self::Struct(..)) {
            fields.insert(WHOLE.to_owned(), self.name());
        }
        self.visit("", &mut |path, form| {
            fields.insert(path.to_owned(), form.name());
        });
        fields
    }

    /// The paths of what is read under another name too.
    pub(super) fn aliases(&self) -> BTreeSet<String> {
        let mut aliases = BTreeSet::new();
        let mut note = |path: &str, form: &Self| {
            if let Self::Struct(fields, names) = form.inner() {
                let others = names.iter().filter(|name| !fields.contains_key(**name));
                aliases.extend(others.map(|name| join(&form.at(path), name)));
            }
        };
        note("", self);
        self.visit("", &mut note);
        aliases
    }

    /// Shows each field and each variant with its path.
    fn visit(&self, path: &str, show: &mut dyn FnMut(&str, &Self)) {
        match self {
            Self::Unknown | Self::Scalar(_) => {}
            Self::Any(form) | Self::Option(form) => form.visit(path, show),
            Self::Seq(form) => form.visit(&format!("{path}[]"), show),
            Self::Map(_, form) => form.visit(&format!("{path}{{}}"), show),
            Self::Tuple(forms) => {
                for (at, form) in forms.iter().enumerate() {
                    form.visit(&join(path, &at.to_string()), show);
                }
            }
            Self::Struct(fields, _) => {
                for (name, form) in fields {
                    let path = join(path, name);
                    show(&path, form);
                    form.visit(&path, show);
                }
            }
            Self::Enum(variants) => {
                for (name, form) in variants {
                    let path = format!("{path}::{name}");
                    show(&path, form);
                    form.visit(&path, show);
                }
            }
        }
    }

    /// What is inside of lists and options.
    fn inner(&self) -> &Self {
        match self {
            Self::Any(form) | Self::Option(form) | Self::Seq(form) | Self::Map(_, form) => {
                form.inner()
            }
            form => form,
        }
    }

    /// The path of what is inside.
    fn at(&self, path: &str) -> String {
        match self {
            Self::Any(form) | Self::Option(form) => form.at(path),
            Self::Seq(form) => form.at(&format!("{path}[]")),
            Self::Map(_, form) => form.at(&format!("{path}{{}}")),
            _ => path.to_owned(),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Unknown => "?".to_owned(),
            Self::Scalar(name) => (*name).to_owned(),
            Self::Any(form) => format!("any ({})", form.name()),
            Self::Option(form) => format!("Option<{}>", form.name()),
            Self::Seq(form) => format!("Vec<{}>", form.name()),
            Self::Map(key, form) => format!("Map<{key}, {}>", form.name()),
            Self::Tuple(forms) => {
                let names: Vec<_> = forms.iter().map(Self::name).collect();
                format!("({})", names.join(", "))
            }
            Self::Struct(..) => "struct".to_owned(),
            Self::Enum(_) => "enum".to_owned(),
        }
    }
}

/// The places of the fields in a value: JSON pointers, and the paths they have in the form.
pub(super) fn places(form: &Form, value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    place(form, value, "", "", &mut found);
    found
}

fn place(form: &Form, value: &Value, pointer: &str, path: &str, found: &mut Vec<(String, String)>) {
    match (form, value) {
        (Form::Any(form) | Form::Option(form), value) => place(form, value, pointer, path, found),
        (Form::Seq(form), Value::Array(values)) => {
            for (at, value) in values.iter().enumerate() {
                place(form, value, &format!("{pointer}/{at}"), &format!("{path}[]"), found);
            }
        }
        (Form::Tuple(forms), Value::Array(values)) => {
            for (at, (form, value)) in forms.iter().zip(values).enumerate() {
                let path = join(path, &at.to_string());
                place(form, value, &format!("{pointer}/{at}"), &path, found);
            }
        }
        (Form::Map(_, form), Value::Object(values)) => {
            for (key, value) in values {
                let pointer = format!("{pointer}/{}", escaped(key));
                place(form, value, &pointer, &format!("{path}{{}}"), found);
            }
        }
        (Form::Struct(fields, _), Value::Object(values)) => {
            for (name, form) in fields {
                let Some(value) = values.get(name) else { continue };
                let pointer = format!("{pointer}/{}", escaped(name));
                let path = join(path, name);
                place(form, value, &pointer, &path, found);
                found.push((pointer, path));
            }
        }
        (Form::Enum(variants), Value::Object(values)) => {
            for (name, value) in values {
                let Some(form) = variants.get(name) else { continue };
                let pointer = format!("{pointer}/{}", escaped(name));
                place(form, value, &pointer, &format!("{path}::{name}"), found);
            }
        }
        _ => {}
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A name as part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

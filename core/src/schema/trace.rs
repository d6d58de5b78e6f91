//! Decodes a payload and writes down what its type asks for, at each place.

use std::{
    collections::{BTreeMap, BTreeSet},
    slice, vec,
};

use serde::{
    Deserialize,
    de::{
        DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess,
        SeqAccess, VariantAccess, Visitor, value::StringDeserializer,
    },
};
use serde_json::{Error, Map, Value};

use super::form::Form;

/// Adds to a form what a type asks for while it is decoded from a value.
pub(super) fn trace<'de, T: Deserialize<'de>>(value: Value, form: &mut Form) -> Result<(), Error> {
    T::deserialize(Trace { value, form }).map(drop)
}

/// A value, and what has been asked of it and of others in its place.
struct Trace<'a> {
    value: Value,
    form: &'a mut Form,
}

impl Trace<'_> {
    /// A type without parts.
    fn scalar(&mut self, name: &'static str) {
        *self.form = Form::Scalar(name);
    }
}

macro_rules! scalars {
    ($($method:ident $name:literal;)+) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            self.scalar($name);
            self.value.$method(visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for Trace<'_> {
    type Error = Error;

    scalars! {
        deserialize_bool "bool";
        deserialize_i8 "i8";
        deserialize_i16 "i16";
        deserialize_i32 "i32";
        deserialize_i64 "i64";
        deserialize_i128 "i128";
        deserialize_u8 "u8";
        deserialize_u16 "u16";
        deserialize_u32 "u32";
        deserialize_u64 "u64";
        deserialize_u128 "u128";
        deserialize_f32 "f32";
        deserialize_f64 "f64";
        deserialize_char "char";
        deserialize_str "String";
        deserialize_string "String";
        deserialize_bytes "bytes";
        deserialize_byte_buf "bytes";
        deserialize_unit "unit";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.form = Form::Any(Box::new(Form::of_value(&self.value)));
        self.value.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value.deserialize_ignored_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value.deserialize_identifier(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self { value, form } = self;
        if !matches!(form, Form::Option(_)) {
            *form = Form::Option(Box::default());
        }
        match (value, form) {
            (Value::Null, _) => visitor.visit_none(),
            (value, Form::Option(form)) => visitor.visit_some(Trace { value, form }),
            (value, form) => visitor.visit_some(Trace { value, form }),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.scalar("unit");
        self.value.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Array(values) = self.value else { return self.value.deserialize_seq(visitor) };
        if !matches!(self.form, Form::Seq(_)) {
            *self.form = Form::Seq(Box::default());
        }
        let Form::Seq(form) = self.form else {
            return Value::Array(values).deserialize_seq(visitor);
        };
        visitor.visit_seq(Elements { values: values.into_iter(), forms: Forms::One(form) })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Value::Array(values) = self.value else { return self.value.deserialize_any(visitor) };
        if !matches!(self.form, Form::Tuple(forms) if forms.len() == count) {
            *self.form = Form::Tuple(vec![Form::Unknown; count]);
        }
        let Form::Tuple(forms) = self.form else {
            return Value::Array(values).deserialize_seq(visitor);
        };
        let forms = Forms::Each(forms.iter_mut());
        visitor.visit_seq(Elements { values: values.into_iter(), forms })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        count: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(count, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Object(values) = self.value else { return self.value.deserialize_map(visitor) };
        let entries = Entries { values: values.into_iter(), value: None, form: self.form };
        visitor.visit_map(entries)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Value::Object(values) = self.value else { return self.value.deserialize_any(visitor) };
        if !matches!(self.form, Form::Struct(..)) {
            *self.form = Form::Struct(BTreeMap::new(), BTreeSet::new());
        }
        if let Form::Struct(_, names) = self.form {
            names.extend(fields);
        }
        let entries = Entries { values: values.into_iter(), value: None, form: self.form };
        visitor.visit_map(entries)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if !matches!(self.form, Form::Enum(_)) {
            *self.form = Form::Enum(BTreeMap::new());
        }
        let Form::Enum(forms) = self.form else { return self.value.deserialize_any(visitor) };
        for variant in variants {
            forms.entry((*variant).to_owned()).or_default();
        }
        let (name, value) = match self.value {
            Value::String(name) => (name, None),
            Value::Object(object) => match one(object) {
                Some((name, value)) => (name, Some(value)),
                None => return Err(Error::custom("a variant is an object with one field")),
            },
            other => return other.deserialize_any(visitor),
        };
        let form = forms.entry(name.clone()).or_default();
        visitor.visit_enum(Variant { name, value, form })
    }
}

fn one(object: Map<String, Value>) -> Option<(String, Value)> {
    let mut fields = object.into_iter();
    fields.next().filter(|_| fields.len() == 0)
}

/// The elements of a list or of a tuple.
struct Elements<'a> {
    values: vec::IntoIter<Value>,
    forms: Forms<'a>,
}

/// One form that all elements share, or one for each.
enum Forms<'a> {
    One(&'a mut Form),
    Each(slice::IterMut<'a, Form>),
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.values.next() else { return Ok(None) };
        let form = match &mut self.forms {
            Forms::One(form) => Some(&mut **form),
            Forms::Each(forms) => forms.next(),
        };
        match form {
            Some(form) => seed.deserialize(Trace { value, form }).map(Some),
            None => seed.deserialize(value).map(Some),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

/// The entries of a map, or the fields of a struct: which of them shows when a key is asked for.
struct Entries<'a> {
    values: serde_json::map::IntoIter,
    value: Option<(String, Value, Option<&'static str>)>,
    form: &'a mut Form,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.values.next() else { return Ok(None) };
        let mut kind = None;
        let key = seed.deserialize(Key { name: name.clone(), kind: &mut kind })?;
        self.value = Some((name, value, kind));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some((name, value, kind)) = self.value.take() else {
            return Err(Error::custom("a value was asked for before its key"));
        };
        let Some(kind) = kind else { return self.field(name, value, seed) };
        if !matches!(self.form, Form::Map(..)) {
            *self.form = Form::Map(kind, Box::default());
        }
        match &mut self.form {
            Form::Map(_, form) => seed.deserialize(Trace { value, form }),
            _ => seed.deserialize(value),
        }
    }
}

impl Entries<'_> {
    /// A field, unless the type ignores it.
    fn field<'de, V: DeserializeSeed<'de>>(
        &mut self,
        name: String,
        value: Value,
        seed: V,
    ) -> Result<V::Value, Error> {
        if !matches!(self.form, Form::Struct(..)) {
            *self.form = Form::Struct(BTreeMap::new(), BTreeSet::new());
        }
        let Form::Struct(fields, _) = self.form else { return seed.deserialize(value) };
        let mut form = fields.remove(&name).unwrap_or_default();
        let value = seed.deserialize(Trace { value, form: &mut form })?;
        if form != Form::Unknown {
            fields.insert(name, form);
        }
        Ok(value)
    }
}

/// The key of an entry; which type is asked for tells a map from a struct.
struct Key<'a> {
    name: String,
    /// The type of the keys of a map.
    kind: &'a mut Option<&'static str>,
}

macro_rules! keys {
    ($($method:ident $visit:ident $name:literal;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            *self.kind = Some($name);
            match self.name.parse() {
                Ok(key) => visitor.$visit(key),
                Err(_) => visitor.visit_string(self.name),
            }
        })+
    };
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = Error;

    keys! {
        deserialize_bool visit_bool "bool";
        deserialize_i8 visit_i8 "i8";
        deserialize_i16 visit_i16 "i16";
        deserialize_i32 visit_i32 "i32";
        deserialize_i64 visit_i64 "i64";
        deserialize_i128 visit_i128 "i128";
        deserialize_u8 visit_u8 "u8";
        deserialize_u16 visit_u16 "u16";
        deserialize_u32 visit_u32 "u32";
        deserialize_u64 visit_u64 "u64";
        deserialize_u128 visit_u128 "u128";
        deserialize_f32 visit_f32 "f32";
        deserialize_f64 visit_f64 "f64";
        deserialize_any visit_string "String";
        deserialize_char visit_char "char";
        deserialize_str visit_string "String";
        deserialize_string visit_string "String";
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.name)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.kind = Some("enum");
        visitor.visit_enum(IntoDeserializer::<Error>::into_deserializer(self.name))
    }

    serde::forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct ignored_any
    }
}

/// A variant and what it holds.
struct Variant<'a> {
    name: String,
    value: Option<Value>,
    form: &'a mut Form,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Content<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Content<'a>), Error> {
        let name = seed.deserialize(StringDeserializer::<Error>::new(self.name))?;
        Ok((name, Content { value: self.value, form: self.form }))
    }
}

/// What a variant holds.
struct Content<'a> {
    value: Option<Value>,
    form: &'a mut Form,
}

impl<'a> Content<'a> {
    fn trace(self) -> Trace<'a> {
        Trace { value: self.value.unwrap_or_default(), form: self.form }
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        *self.form = Form::Scalar("unit");
        match self.value {
            None | Some(Value::Null) => Ok(()),
            Some(_) => Err(Error::custom("the variant holds nothing")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.trace())
    }

    fn tuple_variant<V: Visitor<'de>>(self, count: usize, visitor: V) -> Result<V::Value, Error> {
        self.trace().deserialize_tuple(count, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.trace().deserialize_struct("", fields, visitor)
    }
}

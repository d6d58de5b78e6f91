//! The fingerprint of a state's shape: the names and types that its `Deserialize` asks for.
//!
//! The type is deserialised from nothing by a deserializer that writes down each question and
//! gives the least answer: zero, the empty text, one element, the first variant. So a renamed,
//! added or retyped field, however deep, changes the fingerprint. Where a type refuses the least
//! answer (a date, say) the walk ends: what it saw up to there counts. A recursive type ends by
//! depth. The technique is that of `serde-reflection`.

use std::fmt::{self, Write};

use serde::{
    Deserialize,
    de::{
        self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess,
        Visitor, value::StrDeserializer,
    },
};

/// How deep types are followed.
const DEPTH: usize = 24;

/// Stands for the shape of a type: 32 hexadecimal digits.
pub(super) fn fingerprint<'de, T: Deserialize<'de>>() -> String {
    let mut seen = String::from(std::any::type_name::<T>().rsplit("::").next().unwrap_or(""));
    // The value is of no use, and an error only ends the walk.
    let _ = T::deserialize(Walk { seen: &mut seen, depth: 0 });
    let hash = blake3::hash(seen.as_bytes());
    hash.to_hex().chars().take(32).collect()
}

struct Walk<'a> {
    seen: &'a mut String,
    depth: usize,
}

/// The walk has ended.
#[derive(Debug)]
struct Ended;

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the walk has ended")
    }
}

impl std::error::Error for Ended {}

impl de::Error for Ended {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl Walk<'_> {
    fn note(&mut self, what: impl fmt::Display) -> Result<(), Ended> {
        if self.depth > DEPTH {
            return Err(Ended);
        }
        write!(self.seen, "/{what}").map_err(|_| Ended)
    }

    fn deeper(&mut self) -> Walk<'_> {
        Walk { seen: self.seen, depth: self.depth + 1 }
    }
}

macro_rules! least {
    ($($method:ident $visit:ident $($value:expr)?;)+) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Ended> {
            self.note(stringify!($visit))?;
            visitor.$visit($($value)?)
        })+
    };
}

impl<'de> Deserializer<'de> for Walk<'_> {
    type Error = Ended;

    least! {
        deserialize_bool visit_bool false;
        deserialize_i8 visit_i8 0;
        deserialize_i16 visit_i16 0;
        deserialize_i32 visit_i32 0;
        deserialize_i64 visit_i64 0;
        deserialize_i128 visit_i128 0;
        deserialize_u8 visit_u8 0;
        deserialize_u16 visit_u16 0;
        deserialize_u32 visit_u32 0;
        deserialize_u64 visit_u64 0;
        deserialize_u128 visit_u128 0;
        deserialize_f32 visit_f32 0.0;
        deserialize_f64 visit_f64 0.0;
        deserialize_char visit_char '0';
        deserialize_str visit_str "0";
        deserialize_string visit_string String::from("0");
        deserialize_bytes visit_bytes &[];
        deserialize_byte_buf visit_byte_buf Vec::new();
        deserialize_unit visit_unit;
        deserialize_any visit_unit;
        deserialize_ignored_any visit_unit;
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Ended> {
        self.note("option")?;
        if self.depth > DEPTH / 2 {
            return visitor.visit_none();
        }
        visitor.visit_some(self.deeper())
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Ended> {
        self.note(name)?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Ended> {
        self.note(name)?;
        visitor.visit_newtype_struct(self.deeper())
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Ended> {
        self.note("seq")?;
        let left = usize::from(self.depth <= DEPTH / 2);
        visitor.visit_seq(Parts { walk: self, fields: &[], left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        mut self,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Ended> {
        self.note(left)?;
        visitor.visit_seq(Parts { walk: self, fields: &[], left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Ended> {
        self.note(name)?;
        self.deserialize_tuple(left, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Ended> {
        self.note("map")?;
        let left = usize::from(self.depth <= DEPTH / 2);
        visitor.visit_map(Parts { walk: self, fields: &[], left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Ended> {
        self.note(name)?;
        visitor.visit_map(Parts { walk: self, fields, left: fields.len() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Ended> {
        self.note(name)?;
        for variant in variants {
            self.note(variant)?;
        }
        let first = variants.first().ok_or(Ended)?;
        visitor.visit_enum(Variant { walk: self, first })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Ended> {
        visitor.visit_str("0")
    }
}

/// The elements of a sequence or tuple, the entries of a map, or the fields of a struct.
struct Parts<'a> {
    walk: Walk<'a>,
    fields: &'static [&'static str],
    left: usize,
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Ended;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Ended> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(self.walk.deeper()).map(Some)
    }
}

impl<'de> MapAccess<'de> for Parts<'_> {
    type Error = Ended;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Ended> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let Some((field, rest)) = self.fields.split_first() else {
            return seed.deserialize(self.walk.deeper()).map(Some);
        };
        self.fields = rest;
        self.walk.note(field)?;
        seed.deserialize(StrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Ended> {
        seed.deserialize(self.walk.deeper())
    }
}

/// The first variant of an enum.
struct Variant<'a> {
    walk: Walk<'a>,
    first: &'static str,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Ended;
    type Variant = Walk<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Walk<'a>), Ended> {
        let variant = seed.deserialize(StrDeserializer::<Ended>::new(self.first))?;
        Ok((variant, Walk { depth: self.walk.depth + 1, ..self.walk }))
    }
}

impl<'de> VariantAccess<'de> for Walk<'_> {
    type Error = Ended;

    fn unit_variant(self) -> Result<(), Ended> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Ended> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Ended> {
        self.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Ended> {
        self.deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::fingerprint;

    mod one {
        use super::{BTreeMap, Deserialize};
        #[derive(Deserialize)]
        pub(super) struct Item {
            pub(super) _sku: String,
        }
        #[derive(Deserialize)]
        pub(super) struct Cart {
            pub(super) _items: Vec<Item>,
            pub(super) _by: BTreeMap<String, Option<Box<Cart>>>,
        }
    }

    mod other {
        use super::{BTreeMap, Deserialize};
        #[derive(Deserialize)]
        pub(super) struct Item {
            pub(super) _sku: String,
            #[serde(default)]
            pub(super) _price: u32,
        }
        #[derive(Deserialize)]
        pub(super) struct Cart {
            pub(super) _items: Vec<Item>,
            pub(super) _by: BTreeMap<String, Option<Box<Cart>>>,
        }
    }

    #[test]
    fn a_field_deep_inside_changes_the_fingerprint() {
        assert_eq!(fingerprint::<one::Cart>(), fingerprint::<one::Cart>());
        assert_ne!(fingerprint::<one::Cart>(), fingerprint::<other::Cart>());
    }
}

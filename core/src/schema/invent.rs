//! Invents values of a type, so that every variant of every enum in it occurs.
//!
//! The type is deserialised from nothing: each question gets an answer. Where a type refuses one
//! (a text that is no date, say), the next run gives it another.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{
    Serialize,
    de::{
        self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess,
        VariantAccess, Visitor, value::StrDeserializer,
    },
};

/// What texts are tried: one of these is a date, a number, an address, a code.
const TEXTS: &[&str] = &[
    "text",
    "2024-06-01T14:23:00Z",
    "2024-06-01T14:23:00",
    "2024-06-01",
    "14:23:00",
    "2024-06-01T14:23:00+02:00[Europe/Berlin]",
    "PT1H30M",
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
    "12.5",
    "1",
    "127.0.0.1",
    "127.0.0.1:80",
    "::1",
    "https://example.com/",
    "somebody@example.com",
    "EUR",
    "en",
    "1.2.3",
    "00",
    "+49301234567",
    "Cart-1",
];

/// What numbers are tried.
const NUMBERS: &[u8] = &[1, 0, 2, 10, 100];

/// How deep a type may be.
const DEPTH: usize = 64;

/// How many runs there are at most, of which some fail.
const RUNS: usize = 5_000;

/// Values of a type as JSON, with every variant of every enum.
pub(super) fn values<T: DeserializeOwned + Serialize>() -> Result<Vec<String>, Refused> {
    let mut plan = Plan::default();
    let mut values = Vec::new();
    for _ in 0..RUNS {
        plan.chosen.clear();
        plan.last = None;
        match T::deserialize(Invent { plan: &mut plan, at: String::new(), inside: Vec::new() }) {
            Ok(value) => {
                let json = serde_json::to_string(&value).map_err(Refused::told)?;
                values.push(json);
                if !plan.goes_on() {
                    return Ok(values);
                }
            }
            Err(refused) => plan.other(refused)?,
        }
    }
    Err(Refused::told("it has too many variants"))
}

/// Why a type takes no invented value.
#[derive(Debug)]
pub(super) struct Refused {
    why: String,
    /// A field was there under its other name already.
    is_double: bool,
}

impl Refused {
    fn told(error: impl fmt::Display) -> Self {
        Self { why: error.to_string(), is_double: false }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(error: T) -> Self {
        Self::told(error)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self { why: format!("the field `{field}` is there twice"), is_double: true }
    }
}

/// What the next run answers.
#[derive(Default)]
struct Plan {
    /// Which answer each place gets, where it is not the first.
    answers: BTreeMap<String, usize>,
    /// The place that was answered last, and how many answers there are.
    last: Option<(String, usize)>,
    /// The place of the field that was named last.
    named: String,
    /// Fields that are left out: other names of fields that are there.
    left_out: BTreeSet<String>,
    /// The variants of each enum, and which of them have been used.
    variants: BTreeMap<String, (&'static [&'static str], BTreeSet<&'static str>)>,
    /// The variants that are used in this run.
    chosen: Vec<(String, &'static str)>,
}

impl Plan {
    /// Which of so many answers a place gets.
    fn answer(&mut self, at: &str, count: usize) -> usize {
        self.last = Some((at.to_owned(), count));
        self.answers.get(at).copied().unwrap_or(0)
    }

    /// Has the place that was answered last, which must have been wrong, get another answer.
    fn other(&mut self, refused: Refused) -> Result<(), Refused> {
        if refused.is_double && self.left_out.insert(self.named.clone()) {
            return Ok(());
        }
        let Some((at, count)) = self.last.take() else { return Err(refused) };
        let answer = self.answers.entry(at).or_insert(0);
        *answer += 1;
        if *answer < count { Ok(()) } else { Err(refused) }
    }

    /// A variant that has not been used, or one with such a variant in it, or the first.
    fn variant(&mut self, at: &str, variants: &'static [&'static str]) -> Option<&'static str> {
        let (_, used) = self.variants.entry(at.to_owned()).or_insert((variants, BTreeSet::new()));
        let unused = variants.iter().find(|variant| !used.contains(*variant));
        let leads_on = |variant: &&&str| {
            let inside = format!("{at}::{variant}");
            self.variants.iter().any(|(at, (all, used))| {
                at.starts_with(&inside) && all.iter().any(|variant| !used.contains(variant))
            })
        };
        let variant = unused.or_else(|| variants.iter().find(leads_on)).or(variants.first())?;
        self.chosen.push((at.to_owned(), variant));
        Some(variant)
    }

    /// Notes what the run has used; whether variants are left.
    fn goes_on(&mut self) -> bool {
        for (at, variant) in self.chosen.drain(..) {
            if let Some((_, used)) = self.variants.get_mut(&at) {
                used.insert(variant);
            }
        }
        self.variants.values().any(|(all, used)| all.iter().any(|variant| !used.contains(variant)))
    }
}

/// Answers the questions at one place.
struct Invent<'a> {
    plan: &'a mut Plan,
    at: String,
    /// The structs and enums around this place.
    inside: Vec<Container>,
}

/// A struct or an enum: two with one name and the same parts are taken for the same.
type Container = (&'static str, &'static [&'static str]);

impl Invent<'_> {
    fn deeper(&mut self, part: &str) -> Invent<'_> {
        let at = format!("{}{part}", self.at);
        Invent { plan: self.plan, at, inside: self.inside.clone() }
    }

    /// Enters a struct or enum.
    fn enter(&mut self, container: Container) -> Result<(), Refused> {
        self.inside.push(container);
        if self.inside.len() > DEPTH {
            return Err(Refused::told(format_args!("`{}` holds itself without end", container.0)));
        }
        Ok(())
    }

    /// Whether this is a type within itself, which must come to an end.
    fn ends(&self) -> bool {
        let last = self.inside.last();
        last.is_some_and(|last| self.inside.iter().filter(|one| *one == last).count() > 1)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            let answer = self.plan.answer(&self.at, NUMBERS.len());
            visitor.$visit(NUMBERS.get(answer).copied().unwrap_or_default().into())
        })+
    };
}

impl<'de> Deserializer<'de> for Invent<'_> {
    type Error = Refused;

    numbers! {
        deserialize_i16 visit_i16;
        deserialize_i32 visit_i32;
        deserialize_i64 visit_i64;
        deserialize_i128 visit_i128;
        deserialize_u8 visit_u8;
        deserialize_u16 visit_u16;
        deserialize_u32 visit_u32;
        deserialize_u64 visit_u64;
        deserialize_u128 visit_u128;
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_i8(1)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let answer = self.plan.answer(&self.at, 2);
        visitor.visit_f32(if answer == 0 { 1.5 } else { 0.5 })
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let answer = self.plan.answer(&self.at, 2);
        visitor.visit_f64(if answer == 0 { 1.5 } else { 0.5 })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let answer = self.plan.answer(&self.at, 2);
        visitor.visit_bool(answer == 0)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_char('x')
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let answer = self.plan.answer(&self.at, TEXTS.len());
        visitor.visit_str(TEXTS.get(answer).copied().unwrap_or_default())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let answer = self.plan.answer(&self.at, TEXTS.len() + 3);
        match TEXTS.get(answer) {
            Some(text) => visitor.visit_str(text),
            None if answer == TEXTS.len() => visitor.visit_u64(1),
            None if answer == TEXTS.len() + 1 => visitor.visit_bool(true),
            None => visitor.visit_unit(),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_bytes(&[1])
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_byte_buf(vec![1])
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.ends() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refused> {
        // A struct that is asked for as a map has fields that cannot be known (`flatten`).
        self.plan.last = None;
        Err(Refused::told("the names of its fields cannot be known"))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let left = usize::from(!self.ends());
        visitor.visit_seq(Elements { invent: self, at: 0, left, is_list: true })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_seq(Elements { invent: self, at: 0, left, is_list: false })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.enter((name, &[]))?;
        self.deserialize_tuple(left, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let is_over = self.ends();
        visitor.visit_map(Entry { invent: self, is_over })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.enter((name, fields))?;
        visitor.visit_map(Fields { invent: self, left: fields.iter(), name: "" })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.enter((name, variants))?;
        let variant = if self.ends() {
            // Within itself each level has another variant, until one has none of its own kind.
            let depth = self.inside.len();
            variants.get(depth.checked_rem(variants.len()).unwrap_or(0)).copied()
        } else {
            self.plan.variant(&self.at, variants)
        };
        let Some(variant) = variant else {
            return Err(Refused::told(format_args!("`{name}` has no variant")));
        };
        visitor.visit_enum(Variant { invent: self, variant })
    }
}

/// The only element of a list, or the elements of a tuple.
struct Elements<'a> {
    invent: Invent<'a>,
    at: usize,
    left: usize,
    is_list: bool,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let part = if self.is_list { "[]".to_owned() } else { format!(".{}", self.at) };
        self.at += 1;
        seed.deserialize(self.invent.deeper(&part)).map(Some)
    }
}

/// The only entry of a map.
struct Entry<'a> {
    invent: Invent<'a>,
    is_over: bool,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        if std::mem::replace(&mut self.is_over, true) {
            return Ok(None);
        }
        seed.deserialize(self.invent.deeper("{key}")).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        seed.deserialize(self.invent.deeper("{}"))
    }
}

/// The fields of a struct.
struct Fields<'a> {
    invent: Invent<'a>,
    left: std::slice::Iter<'static, &'static str>,
    name: &'static str,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        let Invent { plan, at, .. } = &mut self.invent;
        let Some(name) = self.left.find(|name| !plan.left_out.contains(&format!("{at}.{name}")))
        else {
            return Ok(None);
        };
        plan.named = format!("{at}.{name}");
        self.name = name;
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let part = format!(".{}", self.name);
        seed.deserialize(self.invent.deeper(&part))
    }
}

/// One variant of an enum.
struct Variant<'a> {
    invent: Invent<'a>,
    variant: &'static str,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Refused;
    type Variant = Invent<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        mut self,
        seed: V,
    ) -> Result<(V::Value, Invent<'a>), Refused> {
        let variant = seed.deserialize(StrDeserializer::<Refused>::new(self.variant))?;
        self.invent.at = format!("{}::{}", self.invent.at, self.variant);
        Ok((variant, self.invent))
    }
}

impl<'de> VariantAccess<'de> for Invent<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refused> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, left: usize, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_tuple(left, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deeper("").deserialize_struct("", fields, visitor)
    }
}

//! The deserializer behind a sketch: it has no data, hands out the least value of whatever it is
//! asked for, and draws it.

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
        value::{Error, StrDeserializer},
    },
};

use super::{Choices, text::Drawn};

/// How deep it goes: a type may contain itself.
const DEPTH: usize = 12;

/// The texts that are tried: types that are written as texts want certain ones.
const TEXTS: [&str; 7] = [
    "",
    "a",
    "0",
    "2024-06-01T12:00:00Z",
    "2024-06-01",
    "12:00:00",
    "00000000-0000-4000-8000-000000000000",
];

pub(super) struct Guess<'a> {
    drawn: &'a mut Drawn,
    choices: &'a mut Choices,
    depth: usize,
}

impl<'a> Guess<'a> {
    pub(super) fn new(drawn: &'a mut Drawn, choices: &'a mut Choices) -> Self {
        Self { drawn, choices, depth: 0 }
    }

    fn draw(&mut self, text: &str) {
        *self.drawn = Drawn::plain(text);
    }

    /// 0, or 1 where that will not do.
    fn number(&mut self) -> u8 {
        let number = u8::from(self.choices.choose(2) == 1);
        self.draw(&number.to_string());
        number
    }

    fn text(&mut self) -> &'static str {
        let text = TEXTS.get(self.choices.choose(TEXTS.len())).copied().unwrap_or_default();
        *self.drawn = Drawn::text(text);
        text
    }

    /// The guess of a part of this one.
    fn part<'b>(drawn: &'b mut Drawn, choices: &'b mut Choices, depth: usize) -> Guess<'b> {
        Guess { drawn, choices, depth: depth + 1 }
    }

    fn check(&self) -> Result<(), Error> {
        if self.depth < DEPTH { Ok(()) } else { Err(Error::custom("too deep")) }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(<$type>::from(self.number()))
        }
    )*};
}

impl<'de> Deserializer<'de> for Guess<'_> {
    type Error = Error;

    numbers!(
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_u128 visit_u128 u128,
        deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128,
        deserialize_f32 visit_f32 f32, deserialize_f64 visit_f64 f64
    );

    fn deserialize_i8<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i8(i8::from(self.number() == 1))
    }

    /// Nothing, a text, a number, an object, a list: what a type takes that takes one of several.
    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.choices.choose(5) {
            0 => self.deserialize_unit(visitor),
            1 => self.deserialize_str(visitor),
            2 => visitor.visit_u64(self.number().into()),
            3 => self.deserialize_map(visitor),
            _ => {
                *self.drawn = Drawn::List(Vec::new());
                visitor.visit_seq(Items { guess: self, left: 0 })
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.draw("false");
        visitor.visit_bool(false)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.drawn = Drawn::text("a");
        visitor.visit_char('a')
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.drawn = Drawn::List(Vec::new());
        visitor.visit_bytes(&[])
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.draw("null");
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        self.draw("null");
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// One item, to show what it is; none where that does not end.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let left = 1 - self.choices.choose(2);
        *self.drawn = Drawn::List(Vec::new());
        visitor.visit_seq(Items { guess: self, left })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        *self.drawn = Drawn::List(Vec::new());
        visitor.visit_seq(Items { guess: self, left: len })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.check()?;
        *self.drawn = Drawn::Object(Vec::new());
        visitor.visit_map(Fields { guess: self, left: fields.iter() })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.check()?;
        let Some(name) = variants.get(self.choices.choose(variants.len())) else {
            return Err(Error::custom("it has no values"));
        };
        visitor.visit_enum(Variant { guess: self, name })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }
}

/// So many items of a list.
struct Items<'a> {
    guess: Guess<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Self { guess: Guess { drawn, choices, depth }, left } = self;
        let (Some(rest), Drawn::List(items)) = (left.checked_sub(1), &mut **drawn) else {
            return Ok(None);
        };
        *left = rest;
        items.push(Drawn::plain("null"));
        let Some(last) = items.last_mut() else { return Ok(None) };
        let guess = Guess::part(last, choices, *depth);
        guess.check()?;
        seed.deserialize(guess).map(Some)
    }
}

/// The fields of a struct. One that cannot be had, or is another's second name, is left out.
struct Fields<'a> {
    guess: Guess<'a>,
    left: std::slice::Iter<'static, &'static str>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Self { guess: Guess { drawn, choices, .. }, left } = self;
        let mut is_left_out = |_: &&&str| choices.choose(2) == 1;
        let (Some(name), Drawn::Object(fields)) =
            (left.by_ref().find(|name| !is_left_out(name)), &mut **drawn)
        else {
            return Ok(None);
        };
        fields.push((name, Drawn::plain("null")));
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Guess { drawn, choices, depth } = &mut self.guess;
        match &mut **drawn {
            Drawn::Object(fields) => match fields.last_mut() {
                Some((_, value)) => seed.deserialize(Guess::part(value, choices, *depth)),
                None => Err(Error::custom("no field was named")),
            },
            _ => Err(Error::custom("no object was begun")),
        }
    }
}

/// A variant of an enum: its name alone, or with what it holds.
struct Variant<'a> {
    guess: Guess<'a>,
    name: &'static str,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        Ok((seed.deserialize(StrDeserializer::new(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        *self.guess.drawn = Drawn::text(self.name);
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        let Guess { drawn, choices, depth } = self.guess;
        seed.deserialize(Guess::part(held(drawn, self.name), choices, depth))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        let Guess { drawn, choices, depth } = self.guess;
        Guess::part(held(drawn, self.name), choices, depth).deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Guess { drawn, choices, depth } = self.guess;
        Guess::part(held(drawn, self.name), choices, depth).deserialize_struct("", fields, visitor)
    }
}

/// Draws a variant that holds something, and returns where that comes.
fn held<'a>(drawn: &'a mut Drawn, name: &'static str) -> &'a mut Drawn {
    *drawn = Drawn::Variant(name, Box::new(Drawn::plain("null")));
    match drawn {
        Drawn::Variant(_, held) => held,
        drawn => drawn,
    }
}

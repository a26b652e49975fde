//! A database row read through serde: the columns in their order become the fields of a struct in theirs.
use super::Backend;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::{BigInt, Bool, Double, Text};
use serde::de::value::Error;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, SeqAccess, Visitor};
use std::fmt::Display;

/// A value loaded from one row.
pub struct Stored<T>(pub T);

impl<T: DeserializeOwned> QueryableByName<Backend> for Stored<T> {
    fn build<'a>(row: &impl NamedRow<'a, Backend>) -> deserialize::Result<Self> {
        let mut reader = Reader { row, next: 0, looked_at: None };
        Ok(Self(T::deserialize(&mut reader)?))
    }
}

/// Walks over the columns of a row. A struct or a tuple takes as many as it has fields, also within another.
struct Reader<'r, 'a: 'r, R: Row<'a, Backend>> {
    row: &'r R,
    next: usize,
    /// The column that was looked at to see whether it is null, so that it is fetched once.
    looked_at: Option<R::Field<'r>>,
}

fn wrong(why: impl Display) -> Error {
    de::Error::custom(why)
}

impl<'r, 'a, R: Row<'a, Backend>> Reader<'r, 'a, R> {
    fn fetch(&mut self) -> Result<R::Field<'r>, Error> {
        let field = match self.looked_at.take() {
            Some(field) => Some(field),
            None => self.row.get(self.next),
        };
        field.ok_or_else(|| wrong("the row has too few columns"))
    }

    fn take<ST, V: FromSql<ST, Backend>>(&mut self) -> Result<V, Error> {
        let field = self.fetch()?;
        self.next += 1;
        V::from_nullable_sql(field.value())
            .map_err(|e| wrong(format_args!("column {}: {e}", field.field_name().unwrap_or("?"))))
    }
}

macro_rules! integers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_i64(self.take::<BigInt, i64>()?)
        }
    )+};
}
macro_rules! texts {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_string(self.take::<Text, String>()?)
        }
    )+};
}
macro_rules! refused {
    ($($method:ident($($arg:ty),*))+) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $arg,)* _: V) -> Result<V::Value, Error> {
            Err(wrong(concat!(stringify!($method), ": a row holds scalars only")))
        }
    )+};
}

impl<'de, 'a, R: Row<'a, Backend>> de::Deserializer<'de> for &mut Reader<'_, 'a, R> {
    type Error = Error;

    integers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }
    texts! { deserialize_str deserialize_string deserialize_char deserialize_identifier }
    refused! { deserialize_any() deserialize_bytes() deserialize_byte_buf() deserialize_map() deserialize_ignored_any() deserialize_unit() deserialize_unit_struct(&'static str) }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.take::<Double, f64>()?)
    }
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.take::<Bool, bool>()?)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let field = self.fetch()?;
        if field.is_null() {
            self.next += 1;
            return visitor.visit_none();
        }
        self.looked_at = Some(field);
        visitor.visit_some(self)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.take::<Text, String>()?.into_deserializer())
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Columns { left: fields.len(), reader: self })
    }
    /// A list takes every column that is left, for rows whose number of columns is known only when they are asked for.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Columns { left: self.row.field_count() - self.next, reader: self })
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Columns { left: len, reader: self })
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }
}

struct Columns<'m, 'r, 'a, R: Row<'a, Backend>> {
    left: usize,
    reader: &'m mut Reader<'r, 'a, R>,
}

impl<'de, 'a, R: Row<'a, Backend>> SeqAccess<'de> for Columns<'_, '_, 'a, R> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

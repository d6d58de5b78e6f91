//! The names of tables and functions: schema and prefix.

use crate::{Error, store::postgres::failure};

/// The schema and the prefix of everything that belongs to one log.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) schema: String,
    pub(super) prefix: String,
}

impl Names {
    /// Takes only what needs no thought when it is put into SQL.
    pub(super) fn check(&self) -> Result<(), Error> {
        let plain = |name: &str| {
            name.len() <= 30 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if self.schema.is_empty() || !plain(&self.schema) || !plain(&self.prefix) {
            let why = "schema and prefix may have up to 30 letters, digits and underscores";
            return Err(failure::to("connect", why));
        }
        Ok(())
    }

    /// Puts the names in: `@events` becomes `"schema"."prefix_events"`.
    pub(super) fn sql(&self, text: &str) -> String {
        let mut sql = String::with_capacity(text.len() * 2);
        let mut parts = text.split('@');
        sql.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            sql.extend(["\"", &self.schema, "\".\"", &self.prefix, name, "\"", rest]);
        }
        sql
    }

    /// The channel of the wake-ups.
    pub(super) fn channel(&self) -> String {
        format!("{}.{}events", self.schema, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_prefixed() {
        let names = Names { schema: "shop".into(), prefix: "a_".into() };
        assert_eq!(
            names.sql("select from @events e, @ids"),
            r#"select from "shop"."a_events" e, "shop"."a_ids""#
        );
    }

    #[test]
    fn names_that_need_quoting_inside_are_refused() {
        let names = Names { schema: "a\"b".into(), prefix: String::new() };
        assert!(names.check().is_err());
    }
}

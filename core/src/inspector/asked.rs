//! What the query of a URL asks for.

use std::{collections::HashMap, str::FromStr};

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use jiff::{SignedDuration, Timestamp};

use super::fault::Fault;
use crate::StreamId;

/// The longest value that is looked at, in bytes.
const LONGEST: usize = 4096;

/// The values in a query, the last where a name occurs twice.
pub(super) struct Asked(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let query = Query::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Query(values) = query.map_err(|error| Fault::bad(error.body_text()))?;
        Ok(Self(values))
    }
}

impl Asked {
    /// A text that is not empty.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        if value.len() > LONGEST {
            return Err(Fault::bad(format!("`{name}` is longer than {LONGEST} bytes.")));
        }
        Ok((!value.is_empty()).then(|| value.clone()))
    }

    /// A text without which there is nothing to show.
    pub(super) fn needed(&self, name: &str) -> Result<String, Fault> {
        self.text(name)?.ok_or_else(|| Fault::bad(format!("The address names no `{name}`.")))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Fault> {
        self.parsed(name, "a whole number, as in `42`")
    }

    pub(super) fn stream(&self, name: &str) -> Result<Option<StreamId>, Fault> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        StreamId::from_str(&text).map(Some).map_err(|error| Fault::bad(error.to_string()))
    }

    /// A time, or how long ago, as in `2h`.
    pub(super) fn since(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let text = text.trim();
        let ago = || text.parse::<SignedDuration>().ok().and_then(|ago| now.checked_sub(ago).ok());
        let day = || {
            let day = text.parse::<jiff::civil::Date>().ok()?;
            Some(day.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        };
        let time = text.parse().ok().or_else(ago).or_else(day);
        let wanted = "a time as in `2024-06-01T14:23:00Z`, a day as in `2024-06-01`, or how long \
            ago, as in `2h`";
        time.map(Some).ok_or_else(|| unfit(name, text, wanted))
    }

    fn parsed<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, Fault> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| unfit(name, &text, wanted))
    }
}

fn unfit(name: &str, text: &str, wanted: &str) -> Fault {
    Fault::bad(format!("`{name}` is `{text}`, which is not {wanted}."))
}

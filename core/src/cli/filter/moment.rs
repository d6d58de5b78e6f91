//! Times as people write them.

use jiff::{Span, SpanRelativeTo, Timestamp, civil, tz::TimeZone};

/// The first moment of what is named.
pub(super) fn since(text: &str) -> Result<Timestamp, String> {
    moment(text, civil::DateTime::from_parts(date(text), civil::Time::MIN), Timestamp::now())
}

/// The last moment of what is named.
pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    moment(text, civil::DateTime::from_parts(date(text), civil::Time::MAX), Timestamp::now())
}

fn date(text: &str) -> civil::Date {
    text.parse().unwrap_or_default()
}

/// `day` is what a mere date stands for.
fn moment(text: &str, day: civil::DateTime, now: Timestamp) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let utc = |time: civil::DateTime| {
        let zoned = TimeZone::UTC.to_timestamp(time);
        zoned.map_err(|error| error.to_string())
    };
    if text.len() == "2024-06-01".len() && text.parse::<civil::Date>().is_ok() {
        return utc(day);
    }
    if let Ok(time) = text.parse::<civil::DateTime>() {
        return utc(time);
    }
    let span: Span = text.trim_end_matches("ago").trim().parse().map_err(|_| {
        "not a time: write `2024-06-01`, `2024-06-01T14:23:00Z` or `90m`".to_owned()
    })?;
    let length =
        span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|error| error.to_string())?;
    now.checked_sub(length.abs()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_or_its_last_moment() {
        assert_eq!(since("2024-06-01").unwrap().to_string(), "2024-06-01T00:00:00Z");
        assert_eq!(until("2024-06-01").unwrap().to_string(), "2024-06-01T23:59:59.999999999Z");
        assert_eq!(since("2024-06-01T02:00:00+02:00").unwrap().to_string(), "2024-06-01T00:00:00Z");
        assert_eq!(since("2024-06-01 12:30").unwrap().to_string(), "2024-06-01T12:30:00Z");
    }

    #[test]
    fn a_length_is_counted_back_from_now() {
        let now = "2024-06-03T12:00:00Z".parse().unwrap();
        for (text, wanted) in [
            ("90m", "2024-06-03T10:30:00Z"),
            ("2 days", "2024-06-01T12:00:00Z"),
            ("1w ago", "2024-05-27T12:00:00Z"),
        ] {
            assert_eq!(moment(text, civil::DateTime::default(), now).unwrap().to_string(), wanted);
        }
        for text in ["", "soon", "2024-13-01", "5", "999999999999999999 years"] {
            assert!(moment(text, civil::DateTime::default(), now).is_err(), "{text}");
        }
    }
}

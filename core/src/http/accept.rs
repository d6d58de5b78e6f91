//! In which form events are wanted.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use crate::http::{page, parameters::Parameters, problem::Problem};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As stored.
    Stored,
    /// As `CloudEvents` 1.0.
    CloudEvents,
}

/// How several events are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// As a JSON array.
    Array,
    /// As a line of JSON each.
    Lines,
}

/// In which form events are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) form: Form,
    pub(super) joined: Joined,
}

impl Wanted {
    /// What `Accept` asks for first of what there is; a JSON array of what is stored for all else.
    pub(super) fn new(headers: &HeaderMap) -> Self {
        let accepts = headers.get_all(header::ACCEPT).iter();
        let accepts =
            accepts.filter_map(|accept| accept.to_str().ok()).flat_map(|accept| accept.split(','));
        let mut best = (0, Self { form: Form::Stored, joined: Joined::Array });
        for accept in accepts {
            let mut parts = accept.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let wanted = match &*media {
                "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
                    Self { form: Form::Stored, joined: Joined::Lines }
                }
                "application/cloudevents-batch+json" | "application/cloudevents+json" => {
                    Self { form: Form::CloudEvents, joined: Joined::Array }
                }
                "application/json" | "application/*" | "*/*" => {
                    Self { form: Form::Stored, joined: Joined::Array }
                }
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            if quality > best.0 {
                best = (quality, wanted);
            }
        }
        best.1
    }

    /// The parameter `format` decides on the form, whatever `Accept` says.
    pub(super) fn or_by(self, parameters: &Parameters) -> Result<Self, Problem> {
        Ok(Self { form: form(parameters)?.unwrap_or(self.form), ..self })
    }

    /// An answer in this form.
    pub(super) fn page(self, body: impl Into<Body>) -> Response {
        let mut response = page::page(self.media(), body);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
        response
    }

    fn media(self) -> HeaderValue {
        match self {
            Self { joined: Joined::Lines, .. } => HeaderValue::from_static("application/x-ndjson"),
            Self { form: Form::CloudEvents, .. } => {
                HeaderValue::from_static("application/cloudevents-batch+json")
            }
            Self { form: Form::Stored, .. } => page::JSON,
        }
    }
}

/// The form that the parameter `format` names.
pub(super) fn form(parameters: &Parameters) -> Result<Option<Form>, Problem> {
    match parameters.text("format")? {
        None => Ok(None),
        Some("json") => Ok(Some(Form::Stored)),
        Some("cloudevents") => Ok(Some(Form::CloudEvents)),
        Some(_) => Err(Problem::bad_request("`format` is `json` or `cloudevents`")),
    }
}

/// A quality such as `0.9`, in thousandths; 0 for what is none.
fn thousandths(quality: &str) -> u32 {
    let quality: f64 = quality.parse().unwrap_or_default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000 by then"
    )]
    let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u32;
    thousandths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(accept: &str) -> (Form, Joined) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().expect("a header"));
        let Wanted { form, joined } = Wanted::new(&headers);
        (form, joined)
    }

    #[test]
    fn the_best_of_what_there_is_is_taken() {
        assert_eq!(wanted("*/*"), (Form::Stored, Joined::Array));
        assert_eq!(wanted("text/html, application/x-ndjson"), (Form::Stored, Joined::Lines));
        assert_eq!(
            wanted("application/json;q=0.5, application/cloudevents-batch+json; q=0.9"),
            (Form::CloudEvents, Joined::Array)
        );
        for odd in ["", ";;", "application/x-ndjson;q=NaN", "application/x-ndjson;q=0", "\u{7f}"] {
            if odd.parse::<HeaderValue>().is_ok() {
                assert_eq!(wanted(odd), (Form::Stored, Joined::Array), "{odd}");
            }
        }
    }
}

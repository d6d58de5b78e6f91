//! `actum event`: one event, whole.

use clap::Args;
use console::Style;

use crate::{
    Committed, Id, Json,
    cli::{
        events,
        exit::{Exit, Failure},
        out::Out,
        plain, pretty,
    },
    store::{Query, Store},
};

/// One event with all that is known of it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Event {
    /// Its place in the log
    id: u64,
}

impl Event {
    pub(in crate::cli) async fn run(
        &self,
        store: &dyn Store,
        out: &mut Out,
    ) -> Result<Exit, Failure> {
        let id = Id(self.id);
        let query = Query::all().from_id(id).to_id(id);
        let Some(event) = events::first(store, query).await? else {
            return Err(Failure::Nothing(format!("the log has no event {id}")));
        };
        if out.is_json() {
            events::json(out, &event)?;
        } else {
            print(out, &event)?;
        }
        Ok(Exit::Done)
    }
}

fn print(out: &mut Out, event: &Committed) -> Result<(), Failure> {
    let Committed { name, schema, data, id, stream, version, created, meta } = event;
    let fields = [
        ("id", id.to_string()),
        ("name", plain::text(name).into_owned()),
        ("schema", schema.to_string()),
        ("stream", plain::text(stream.as_str()).into_owned()),
        ("version", version.to_string()),
        ("created", created.to_string()),
    ];
    for (field, value) in fields {
        let field = out.styled(&Style::new().bold(), &format!("{field:<8}"));
        out.line(&format!("{field} {value}"))?;
    }
    for (field, json) in [("data", data), ("meta", meta.json())] {
        let field = out.styled(&Style::new().bold(), field);
        out.line(&field)?;
        pretty(out, json)?;
    }
    Ok(())
}

/// JSON over several lines.
pub(super) fn pretty(out: &mut Out, json: &Json) -> Result<(), Failure> {
    match pretty::lines(json) {
        Ok(lines) => {
            lines.iter().try_for_each(|line| out.line(&format!("  {}", plain::json(line))))
        }
        Err(error) => {
            out.line(&format!("  (no JSON: {error})"))?;
            out.line(&format!("  {}", plain::text(&String::from_utf8_lossy(json.as_bytes()))))
        }
    }
}

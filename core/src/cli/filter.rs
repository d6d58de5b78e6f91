//! Which events are wanted: what the store can tell apart, and what only the payload tells.

use clap::Args;

use crate::{StreamId, Timestamp, store::Query};

mod condition;
mod moment;

pub(super) use condition::Condition;

/// Which events are wanted; all conditions must hold.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Filter {
    /// Only events of this name; several are alternatives
    #[arg(long, value_name = "EVENT")]
    pub(super) name: Vec<String>,
    /// Only this stream, as in `Cart-123`
    #[arg(long, value_name = "STREAM")]
    pub(super) stream: Option<StreamId>,
    /// Only streams of this aggregate, as in `Cart`; several are alternatives
    #[arg(long, value_name = "AGGREGATE")]
    pub(super) category: Vec<String>,
    /// Not before: `2024-06-01`, `2024-06-01T14:23:00Z`, or so long ago: `90m`, `2 days`
    #[arg(long, value_name = "TIME", value_parser = moment::since)]
    pub(super) since: Option<Timestamp>,
    /// Not after; a date means its end, and all dates are UTC
    #[arg(long, value_name = "TIME", value_parser = moment::until)]
    pub(super) until: Option<Timestamp>,
    /// Only where the payload or the meta data has this value: `data.sku=A123`,
    /// `meta.actor!=alice`, `data.items.0.qty=2`, `/data/a.b=1`; several must all hold
    #[arg(long = "where", value_name = "PATH=VALUE")]
    pub(super) conditions: Vec<Condition>,
}

impl Filter {
    /// What the store can tell apart.
    pub(super) fn query(&self) -> Query {
        let mut query = Query::all();
        query.names.clone_from(&self.name);
        query.stream.clone_from(&self.stream);
        query.categories.clone_from(&self.category);
        query.from_time = self.since;
        query.to_time = self.until;
        query
    }
}

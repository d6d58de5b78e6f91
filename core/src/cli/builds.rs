//! What a store keeps of projections and reactions, put together from its views without the types.

use std::collections::BTreeMap;

use super::exit::Failure;
use crate::{
    Error, Id, Json,
    app::{REACTION_VIEWS, Register, part_of_view},
    store::{Store, ViewId},
};

/// What a build is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Projection,
    Reaction,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Projection => "projection",
            Self::Reaction => "reaction",
        }
    }
}

/// Whether a build is what readers get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Readers get it.
    Serves,
    /// It is being built beside an older one, or anew.
    Building,
    /// A newer one has taken its place.
    Replaced,
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::Building => "building",
            Self::Replaced => "replaced",
        }
    }
}

/// One version of a projection over all its partitions, or a reaction.
#[derive(Clone, Debug)]
pub(super) struct Build {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) state: State,
    /// As far as the last of its parts.
    pub(super) checkpoint: Id,
    /// Where its parts keep what they have.
    pub(super) views: Vec<ViewId>,
}

impl Build {
    fn new(kind: Kind, name: &str, version: u32, checkpoint: Id) -> Self {
        let (name, state) = (name.to_owned(), State::Serves);
        Self { kind, name, version, state, checkpoint, views: Vec::new() }
    }
}

/// All that are stored, by kind, name and version.
pub(super) async fn all(store: &dyn Store) -> Result<Vec<Build>, Failure> {
    let mut builds = BTreeMap::<_, Build>::new();
    let mut registers = Vec::new();
    for (view, checkpoint) in store.views().await? {
        let Some((kind, name, partitions)) = part(&view) else {
            if view.version == 0 && !view.name.starts_with(REACTION_VIEWS) {
                registers.push(view);
            }
            continue;
        };
        let key = (kind, name.to_owned(), view.version, partitions);
        let build =
            builds.entry(key).or_insert_with(|| Build::new(kind, name, view.version, checkpoint));
        build.checkpoint = build.checkpoint.min(checkpoint);
        build.views.push(view);
    }
    for view in registers {
        let register = read(store, &view).await?;
        // A build that has not committed anything yet has no views.
        for entry in &register.builds {
            let (kind, name) = (Kind::Projection, view.name.to_string());
            let build = Build::new(kind, &name, entry.version, Id(0));
            builds.entry((kind, name, entry.version, entry.partitions.max(1))).or_insert(build);
        }
        let complete = register.builds.iter().filter(|entry| entry.is_complete());
        let newest = complete.map(|entry| entry.version).max();
        let of_it = builds
            .iter_mut()
            .filter(|((kind, name, ..), _)| *kind == Kind::Projection && *name == *view.name);
        for ((_, _, version, partitions), build) in of_it {
            let is_complete = register.builds.iter().any(|entry| {
                (entry.version, entry.partitions.max(1)) == (*version, *partitions)
                    && entry.is_complete()
            });
            build.state = match newest {
                Some(newest) if *version < newest => State::Replaced,
                _ if is_complete => State::Serves,
                _ => State::Building,
            };
        }
    }
    Ok(builds.into_values().collect())
}

/// Of which build a view is a part, and how many parts that has.
fn part(view: &ViewId) -> Option<(Kind, &str, u32)> {
    if view.version == 0 {
        let name = view.name.strip_prefix(REACTION_VIEWS)?;
        return (!name.contains('/')).then_some((Kind::Reaction, name, 1));
    }
    let (name, partitions) = part_of_view(&view.name);
    Some((Kind::Projection, name, partitions))
}

async fn read(store: &dyn Store, view: &ViewId) -> Result<Register, Failure> {
    let (_, document) = store.document(view, "").await?;
    let register = document.as_ref().map(Json::decode).transpose();
    let register = register.map_err(|source| Error::Document { view: view.to_string(), source })?;
    Ok(register.unwrap_or_default())
}

//! What is checked and made before a log is used.

use async_nats::{
    Client,
    jetstream::{
        self, Context, ErrorCode,
        context::{CreateStreamErrorKind, GetStreamErrorKind},
        stream::{Config, DiscardPolicy, Placement, RetentionPolicy, StorageType},
    },
};

use crate::{
    Error, Result,
    store::nats::{
        failure,
        names::Names,
        options::{NatsOptions, Storage},
        patience::Patience,
    },
};

const CHECK: &str = "use the server";
const MAKE: &str = "make the log";

/// Refuses servers that cannot store batches.
pub(super) fn check(client: &Client) -> Result<()> {
    let info = client.server_info();
    if !client.is_server_compatible(2, 12, 0) {
        let why = format!(
            "`{}` is NATS {}; batches that are stored whole need NATS 2.12 or newer: upgrade the \
             server",
            info.server_name, info.version
        );
        return Err(failure::to(CHECK, why));
    }
    Ok(())
}

/// Makes the two JetStream streams of a log, unless they are there.
pub(super) async fn run(context: &Context, names: &Names, options: &NatsOptions) -> Result<()> {
    let log = config(names.log(), names.log_subjects(), options);
    let state = Config {
        max_messages_per_subject: 1,
        discard: DiscardPolicy::Old,
        ..config(names.state(), names.state_subjects(), options)
    };
    for wanted in [log, state] {
        let mut patience = Patience::new(options.patience);
        let found = loop {
            match find_or_make(context, &wanted).await {
                Ok(found) => break found,
                Err((error, false)) => return Err(error),
                Err((error, true)) if !patience.more().await => return Err(error),
                Err((error, true)) => tracing::debug!(%error, "set the log up again"),
            }
        };
        fits(&wanted, &found)?;
    }
    Ok(())
}

fn config(name: String, subjects: Vec<String>, options: &NatsOptions) -> Config {
    let placement = Placement { cluster: options.cluster.clone(), tags: options.tags.clone() };
    let is_placed = options.cluster.is_some() || !options.tags.is_empty();
    Config {
        name,
        subjects,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: match options.storage {
            Storage::File => StorageType::File,
            Storage::Memory => StorageType::Memory,
        },
        num_replicas: options.replicas,
        allow_direct: true,
        allow_atomic_publish: true,
        placement: is_placed.then_some(placement),
        ..Config::default()
    }
}

/// The stream's configuration; an error, and whether another try may help.
async fn find_or_make(context: &Context, wanted: &Config) -> Result<Config, (Error, bool)> {
    let action = || format!("{MAKE} (`{}`)", wanted.name);
    match context.get_stream(&wanted.name).await {
        Ok(found) => return Ok(found.cached_info().config.clone()),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(refused) => match refused.error_code() {
                ErrorCode::STREAM_NOT_FOUND => {}
                ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
                    return Err((none(&error), false));
                }
                _ => return Err((failure::to(action(), error), refused.code() >= 500)),
            },
            _ => return Err((failure::to(action(), error), true)),
        },
    }
    match context.create_stream(wanted.clone()).await {
        Ok(made) => Ok(made.cached_info().config.clone()),
        Err(error) => match error.kind() {
            CreateStreamErrorKind::JetStreamUnavailable => Err((none(&error), false)),
            // Another process was faster.
            CreateStreamErrorKind::JetStream(refused)
                if refused.error_code() == ErrorCode::STREAM_NAME_EXIST =>
            {
                Err((failure::to(action(), error), true))
            }
            CreateStreamErrorKind::JetStream(refused) => {
                Err((failure::to(action(), error), refused.code() >= 500))
            }
            _ => Err((failure::to(action(), error), true)),
        },
    }
}

fn none(error: &dyn std::fmt::Display) -> Error {
    failure::to(
        CHECK,
        format!("it has no JetStream ({error}): add `jetstream` to its configuration"),
    )
}

/// Refuses a JetStream stream that is no log.
fn fits(wanted: &Config, found: &jetstream::stream::Config) -> Result<()> {
    let odd = [
        (found.subjects != wanted.subjects, "its subjects are others"),
        (!found.allow_atomic_publish, "it takes no batches (`allow_atomic`)"),
        (!found.allow_direct, "its replicas answer no reads (`allow_direct`)"),
        (found.retention != RetentionPolicy::Limits, "it forgets what was consumed"),
        (found.max_messages_per_subject.max(0) != wanted.max_messages_per_subject.max(0), {
            "the number of messages of a subject is limited otherwise"
        }),
        (!found.max_age.is_zero(), "it forgets what is old (`max_age`)"),
    ];
    if let Some((_, what)) = odd.into_iter().find(|(is_odd, _)| *is_odd) {
        let why = format!("the JetStream stream `{}` is there and is no log: {what}", found.name);
        return Err(failure::to(CHECK, why));
    }
    if found.num_replicas != wanted.num_replicas {
        let (name, found, wanted) = (&found.name, found.num_replicas, wanted.num_replicas);
        tracing::info!(name, found, wanted, "the log keeps the replicas that it has");
    }
    Ok(())
}

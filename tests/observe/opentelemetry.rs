//! An app in the traces of OpenTelemetry: what a reaction does belongs to the request that was its
//! cause, through the log.

use std::future::IntoFuture as _;

use actum::{
    prelude::*,
    trace::{self, TraceParent, Traces},
};
use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt as _, TraceState, TracerProvider as _},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::prelude::*;

use crate::account::{Account, pay};

struct OpenTelemetry;

impl Traces for OpenTelemetry {
    fn current(&self) -> Option<TraceParent> {
        let context = Span::current().context();
        let span = context.span().span_context().clone();
        let trace = u128::from_be_bytes(span.trace_id().to_bytes());
        let parent = u64::from_be_bytes(span.span_id().to_bytes());
        TraceParent::new(trace, parent, span.trace_flags().to_u8())
    }

    fn follows(&self, span: &Span, cause: TraceParent) {
        let cause = SpanContext::new(
            TraceId::from_bytes(cause.trace_id().to_be_bytes()),
            SpanId::from_bytes(cause.parent_id().to_be_bytes()),
            TraceFlags::new(cause.flags()),
            true,
            TraceState::NONE,
        );
        if let Err(error) = span.set_parent(Context::new().with_remote_span_context(cause)) {
            tracing::warn!(%error, "a span stays outside of its trace");
        }
    }
}

fn span<'a>(spans: &'a [SpanData], name: &str, parent: TraceParent) -> &'a SpanData {
    let is = |span: &&SpanData| {
        span.name == name && span.parent_span_id.to_bytes() == parent.parent_id().to_be_bytes()
    };
    spans.iter().find(is).unwrap_or_else(|| panic!("no {name} under {parent}: {spans:#?}"))
}

fn of(span: &SpanData) -> TraceParent {
    let context = &span.span_context;
    let trace = u128::from_be_bytes(context.trace_id().to_bytes());
    let parent = u64::from_be_bytes(context.span_id().to_bytes());
    TraceParent::new(trace, parent, context.trace_flags().to_u8()).expect("valid ids")
}

#[tokio::test]
async fn a_reaction_goes_on_in_the_trace_of_its_cause() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("actum"));
    let _heard = tracing_subscriber::registry().with(layer).set_default();
    let store = Memory::new();
    let app =
        App::new(store).with::<Account>().traces(OpenTelemetry).start().await.expect("an app");
    let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let request: TraceParent = header.parse().expect("a header");
    app.act::<Account>("a", pay(5)).traceparent(request).await.expect("paid");
    app.act::<Account>("b", pay(6)).await.expect("paid, in a trace of its own");

    let mut events = app.subscribe(Query::all(), Id(0)).expect("a subscription");
    for _ in 0..2 {
        let event = events.next().await.expect("it goes on").expect("an event");
        let cause = event.meta.traceparent().expect("it has a trace");
        let react = trace::react("Receipts", &event);
        OpenTelemetry.follows(&react, cause);
        let act = app.act::<Account>("receipts", pay(event.version.0));
        act.into_future().instrument(react).await.expect("paid");
    }

    provider.force_flush().expect("all are exported");
    let spans = exporter.get_finished_spans().expect("spans");
    let first = of(span(&spans, trace::ACT, request));
    let kept = app.read(Query::all()).all().await.expect("events");
    assert_eq!(kept[0].meta.traceparent(), Some(first));
    let react = of(span(&spans, trace::REACT, first));
    let follow_up = of(span(&spans, trace::ACT, react));
    assert_eq!(kept[2].meta.traceparent(), Some(follow_up));
    for one in [first, react, follow_up] {
        assert_eq!(one.trace_id(), request.trace_id());
    }
    let second = kept[1].meta.traceparent().expect("a trace");
    assert_ne!(second.trace_id(), request.trace_id());
    assert_eq!(of(span(&spans, trace::REACT, second)).trace_id(), second.trace_id());
}

//! The `tracing` subscriber: it keeps this crate's spans and writes this crate's events.

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;
use tracing_subscriber::filter::Targets;

use crate::clock::since_epoch;
use crate::telemetry::AUDIT;
use crate::telemetry::lines::Line;
use crate::telemetry::output::{Importance, Output};
use crate::telemetry::spans::Spans;

/// The `tracing` subscriber.
pub struct Log {
    /// The levels to write. Audit lines are always written.
    pub levels: Targets,
    /// The open spans.
    pub spans: Spans,
    /// Writes the lines.
    pub output: Output,
}

impl Log {
    /// Spans are kept at every level, because audit lines use their fields.
    fn is_enabled_for(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let is_recorded = || metadata.is_span() || self.levels.would_enable(target, metadata.level());
        target == AUDIT || (target.starts_with("evergrant") && is_recorded())
    }
}

impl Subscriber for Log {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.is_enabled_for(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.is_enabled_for(metadata)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.spans.open(attributes)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.spans.record(span, values);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line::begin(*metadata.level());
        event.record(&mut line);
        self.spans.in_current(|fields| line.add(fields));
        let line = line.end(metadata.target());
        let is_urgent = *metadata.level() <= Level::WARN;
        self.output.add(since_epoch(), &line, Importance { is_urgent, is_audit: metadata.target() == AUDIT });
    }

    fn enter(&self, span: &Id) {
        self.spans.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.spans.leave(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.spans.add_handle(span);
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        self.spans.drop_handle(&span)
    }

    fn current_span(&self) -> Current {
        let current = self.spans.current();
        current.map_or_else(Current::none, |span| {
            let metadata = self.spans.metadata(&span);
            Current::new(span, metadata)
        })
    }
}

//! The open spans, and the fields that each adds to its log lines.
//!
//! `tracing-subscriber` has a registry for this, but it took 15 % of the instructions of a request.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thread_local::ThreadLocal;
use tracing::Metadata;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};

use crate::telemetry::trace_context::TraceContext;
use crate::web::json::{push_key, push_number, push_string};

/// The open spans.
#[derive(Default)]
pub struct Spans {
    open: Mutex<Slots>,
    /// The spans that each thread has entered.
    entered: ThreadLocal<RefCell<Vec<Id>>>,
}

/// A span's id is its slot number plus 1. The slot of a closed span is reused, with the memory of its fields.
#[derive(Default)]
struct Slots {
    slots: Vec<SpanSlot>,
    free: Vec<usize>,
}

struct SpanSlot {
    metadata: &'static Metadata<'static>,
    handles: usize,
    fields: SpanFields,
}

impl Spans {
    /// Opens a span with one handle. It inherits the fields of its parent span.
    pub fn open(&self, attributes: &Attributes<'_>) -> Id {
        let around = if attributes.is_contextual() { self.current() } else { attributes.parent().cloned() };
        let mut open = self.lock();
        let place = open.take_place(attributes.metadata());
        if let Some(around) = around {
            open.slots[place].fields = open.slots[place_of(&around)].fields.clone();
        }
        attributes.record(&mut open.slots[place].fields);
        Id::from_u64(place as u64 + 1)
    }

    /// Adds fields.
    pub fn record(&self, span: &Id, values: &Record<'_>) {
        values.record(&mut self.lock().slots[place_of(span)].fields);
    }

    /// Adds a handle.
    pub fn add_handle(&self, span: &Id) {
        self.lock().slots[place_of(span)].handles += 1;
    }

    /// Drops a handle; true if it was the last one.
    pub fn drop_handle(&self, span: &Id) -> bool {
        let place = place_of(span);
        let open = &mut *self.lock();
        open.slots[place].handles -= 1;
        let is_last = open.slots[place].handles == 0;
        if is_last {
            open.free.push(place);
        }
        is_last
    }

    /// Records that this thread entered the span.
    pub fn enter(&self, span: &Id) {
        self.entered.get_or_default().borrow_mut().push(span.clone());
    }

    /// Records that this thread left the span.
    pub fn leave(&self, span: &Id) {
        let mut entered = self.entered.get_or_default().borrow_mut();
        if let Some(last) = entered.iter().rposition(|entered| entered == span) {
            entered.remove(last);
        }
    }

    /// The innermost span that this thread has entered.
    pub fn current(&self) -> Option<Id> {
        self.entered.get()?.borrow().last().cloned()
    }

    /// The declaration of the span.
    pub fn metadata(&self, span: &Id) -> &'static Metadata<'static> {
        self.lock().slots[place_of(span)].metadata
    }

    /// Calls `work` with the fields of the current span, if there is one.
    pub fn in_current<T>(&self, work: impl FnOnce(&mut SpanFields) -> T) -> Option<T> {
        let span = self.current()?;
        Some(work(&mut self.lock().slots[place_of(&span)].fields))
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn take_place(&mut self, metadata: &'static Metadata<'static>) -> usize {
        let Some(place) = self.free.pop() else {
            self.slots.push(SpanSlot { metadata, handles: 1, fields: SpanFields::default() });
            return self.slots.len() - 1;
        };
        let slot = &mut self.slots[place];
        (slot.metadata, slot.handles) = (metadata, 1);
        slot.fields.clear();
        place
    }
}

fn place_of(span: &Id) -> usize {
    usize::try_from(span.into_u64() - 1).unwrap_or(usize::MAX)
}

/// The fields of a span and its parents as JSON, written once and used for all its lines.
#[derive(Clone, Debug, Default)]
pub struct SpanFields {
    /// `,"request_id":"…","trace_id":"…","client_id":"…"`
    pub json: Vec<u8>,
    has_client_id: bool,
    /// The trace, if there is one.
    pub trace: Option<TraceContext>,
}

impl SpanFields {
    /// Adds the client, once. It is not known yet when the span is opened.
    pub fn add_client_id(&mut self, client_id: &str) {
        if !self.has_client_id {
            self.has_client_id = true;
            self.add("client_id", client_id);
        }
    }

    /// Adds what is probably wrong with the request.
    pub fn add_hint(&mut self, hint: &str) {
        self.add("hint", hint);
    }

    /// Adds how many authentications of the same client and source failed.
    pub fn add_failures(&mut self, count: u64) {
        push_key(&mut self.json, "failures");
        push_number(&mut self.json, count);
    }

    fn add(&mut self, name: &str, value: &str) {
        push_key(&mut self.json, name);
        push_string(&mut self.json, value);
    }

    fn clear(&mut self) {
        self.json.clear();
        self.has_client_id = false;
        self.trace = None;
    }
}

impl Visit for SpanFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "trace_id" {
            self.trace.get_or_insert_default().trace_id.push_str(value);
        }
        self.add(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "trace_flags" {
            self.trace.get_or_insert_default().flags = u8::try_from(value).unwrap_or_default();
        } else {
            push_key(&mut self.json, field.name());
            push_number(&mut self.json, value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

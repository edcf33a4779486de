//! `/triggers/…`: each change once, whatever happens between two polls, and few calls.

mod calls;
mod cursors;
mod documents;
mod faults;
mod flow;
mod histories;
mod others;
mod waiting;

//! `/triggers/…`: each change once, whatever happens between two polls, and few calls.

mod answers;
mod calls;
mod cursor_texts;
mod cursors;
mod documents;
mod faults;
pub mod flow;
mod histories;
mod list_pages;
mod listed_items;
mod moments;
mod odd_lists;
mod others;
mod parameters;
mod patterns;
mod reading;
mod waiting;
mod watermarks;

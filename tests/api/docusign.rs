//! DocuSign as an upstream: access tokens and their renewal, keys in rotation, accounts, users, and answers of any kind.

mod accounts;
mod answers;
mod mints;
mod rotation;
mod slots;
mod users;

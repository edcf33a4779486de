//! The flows of the solution, run by a small interpreter against the app, the sandbox's DocuSign and a SharePoint stand-in.

mod archive;
mod bench;
mod definitions;
mod envelopes;
mod incoming;
mod logic_app;
mod pictures;
mod signal;
mod solution;

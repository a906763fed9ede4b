//! The Graph client against a server that records what it is asked and answers from a script.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod calls;
mod failures;
mod server;

//! The Graph API, typed: one client for both hosts, requests for everything the product calls.
//!
//! Tokens travel in the `Authorization` header. What Meta documents as parameters only (the code
//! and token exchanges, `input_token`) goes into a form body where Meta takes one, else into the
//! query; no address is ever logged or part of an error.
//!
//! The TLS provider is the caller's: `rustls::crypto::ring::default_provider().install_default()`
//! in `main`, and in tests.

mod account;
mod catalog;
mod client;
pub mod error;
mod media;
mod oauth;
mod people;
mod send;
pub mod usage;

pub use account::*;
pub use catalog::*;
pub use client::*;
pub use error::{Advice, ApiError, GraphError, Reason, advise};
pub use media::*;
pub use oauth::*;
pub use people::*;
pub use send::*;
pub use usage::{BusinessUsage, Percent, Usage};

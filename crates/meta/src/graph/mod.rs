//! The Graph API, typed: one client for both hosts, requests for everything the product calls.
//!
//! Tokens travel in the `Authorization` header. What Meta documents as parameters only (the code
//! and token exchanges, `input_token`) goes into a form body where Meta takes one, else into the
//! query; no address is ever logged or part of an error.
//!
//! The TLS provider is the caller's: `rustls::crypto::ring::default_provider().install_default()`
//! in `main`, and in tests.

mod account;
mod answer;
mod batch;
mod catalog;
mod client;
mod clock;
mod config;
pub mod error;
mod media;
mod oauth;
mod people;
mod send;
pub mod table;
pub mod usage;

pub use account::*;
pub use answer::{Answer, Paged, Result};
pub use batch::*;
pub use catalog::*;
pub use client::{ANSWER_BYTES_MAX, ClientError, Graph};
pub use config::*;
pub use error::{Advice, ApiError, GraphError};
pub use media::*;
pub use oauth::*;
pub use people::*;
pub use send::*;
pub use table::{Reason, advise};
pub use usage::{BusinessUsage, Percent, Usage};

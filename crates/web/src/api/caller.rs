//! Who calls the API: a seller's key in `Authorization: Bearer`. Keys are 32 random bytes, of which
//! the store keeps a SHA-256: looking the hash up leaks nothing that helps to guess a key.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use domain::SellerId;
use engine::By;

use crate::problem::Problem;
use crate::state::AppState;

/// The seller whose key was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    /// Whose data the key opens.
    pub seller: SellerId,
}

impl Caller {
    /// Who acts, for the engine.
    pub(crate) const fn by(&self) -> By {
        By {
            seller: self.seller,
            member: None,
        }
    }
}

/// Keys of ours have some 50 characters; longer ones are not even hashed.
const KEY_BYTES_MAX: usize = 200;

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let key = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim())
            .filter(|key| !key.is_empty() && key.len() <= KEY_BYTES_MAX)
            .ok_or_else(Problem::unauthorized)?;
        let found = state.store().system().api_key(key, state.now()).await?;
        let found = found.ok_or_else(Problem::unauthorized)?;
        Ok(Self {
            seller: found.seller_id,
        })
    }
}

//! Rate limits, OAuth states, requests to be forgotten, and the installation's own settings.

use domain::{MemberId, SellerId, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{DataDeletionRequest, System};
use crate::StoreError;
use crate::column::row;
use crate::db::{Link, all, first, run};

row! {
    /// What a connecting seller left with, to be compared when it comes back.
    pub struct OauthState {
        /// Who connects.
        pub seller_id: SellerId,
        /// The member that began it.
        pub member_id: Option<MemberId>,
        /// The engine's own data (PKCE verifier and the like), JSON.
        pub body: String,
        /// When it ends.
        pub expires_at: Timestamp,
    }
}

impl System<'_> {
    /// A rate limit's state and its version; `None`: never stored.
    pub async fn rate_limit(&self, key: &str) -> Result<Option<(String, i64)>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            (String, i64),
            "SELECT state, version FROM rate_limits WHERE key = $1",
            key
        )
    }

    /// Key, state and version of the rate limits whose keys begin with `prefix` (letters and a colon),
    /// written at `since` or later.
    pub async fn rate_limits_since(
        &self,
        prefix: &str,
        since: Timestamp,
    ) -> Result<Vec<(String, String, i64)>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            (String, String, i64),
            "SELECT key, state, version FROM rate_limits WHERE updated_at >= $1 AND key LIKE $2",
            since.0,
            format!("{prefix}%")
        )
    }

    /// Stores rate limits (key, state) over the versions that were read (`None`: there was none), all
    /// of them or none. `false`: somebody else wrote one meanwhile; read again.
    pub async fn put_rate_limits(
        &self,
        limits: &[(&str, &str, Option<i64>)],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if limits.is_empty() {
            return Ok(true);
        }
        // In one order in every node: two wait for each other, never in a circle.
        let mut limits = limits.to_vec();
        limits.sort_unstable();
        let mut link = self.store.db.begin().await?;
        for (key, state, version) in limits {
            if !put_rate_limit(&mut link, key, state, version, now).await? {
                link.roll_back().await;
                return Ok(false);
            }
        }
        link.commit().await?;
        Ok(true)
    }

    /// Keeps what a connecting seller left with, under the random `state` of the dialog.
    pub async fn put_oauth_state(
        &self,
        state: &str,
        body: &OauthState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "DELETE FROM oauth_states WHERE expires_at <= $1",
            now.0
        )?;
        run!(
            link,
            "INSERT INTO oauth_states (state_hash, seller_id, member_id, body, created_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            Sha256::digest(state.as_bytes()).to_vec(),
            body.seller_id.0,
            body.member_id.map(|m| m.0),
            &body.body,
            now.0,
            body.expires_at.0
        )?;
        Ok(())
    }

    /// Takes it out again: it works once.
    pub async fn take_oauth_state(
        &self,
        state: &str,
        now: Timestamp,
    ) -> Result<Option<OauthState>, StoreError> {
        let mut link = self.store.db.write().await?;
        let found = first!(
            link,
            OauthState,
            "DELETE FROM oauth_states WHERE state_hash = $1 \
             RETURNING seller_id, member_id, body, expires_at",
            Sha256::digest(state.as_bytes()).to_vec()
        )?;
        Ok(found.filter(|state| state.expires_at > now))
    }

    /// Notes a request to be forgotten; the same code twice is one request.
    pub async fn add_data_deletion(
        &self,
        code: &str,
        external_id: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "INSERT INTO data_deletion_requests (id, code, external_id, state, requested_at) \
             VALUES ($1, $2, $3, 'requested', $4) ON CONFLICT (code) DO NOTHING",
            Uuid::now_v7(),
            code,
            external_id,
            now.0
        )?;
        Ok(())
    }

    /// A request to be forgotten, by its code.
    pub async fn data_deletion(
        &self,
        code: &str,
    ) -> Result<Option<DataDeletionRequest>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            DataDeletionRequest,
            "SELECT * FROM data_deletion_requests WHERE code = $1",
            code
        )
    }

    /// Marks a request as done, with what was erased.
    pub async fn complete_data_deletion(
        &self,
        code: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE data_deletion_requests SET state = 'completed', detail = $2, \
             completed_at = $3 WHERE code = $1",
            code,
            detail,
            now.0
        )?;
        Ok(())
    }

    /// A setting of the installation.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let mut link = self.store.db.read().await?;
        let found = first!(
            link,
            (String,),
            "SELECT value FROM settings WHERE key = $1",
            key
        )?;
        Ok(found.map(|(value,)| value))
    }

    /// Sets it.
    pub async fn set_setting(
        &self,
        key: &str,
        value: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, \
             updated_at = excluded.updated_at",
            key,
            value,
            now.0
        )?;
        Ok(())
    }
}

async fn put_rate_limit(
    link: &mut Link,
    key: &str,
    state: &str,
    version: Option<i64>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let written = match version {
        None => run!(
            link,
            "INSERT INTO rate_limits (key, state, version, updated_at) VALUES ($1, $2, 0, $3) \
             ON CONFLICT (key) DO NOTHING",
            key,
            state,
            now.0
        )?,
        Some(version) => run!(
            link,
            "UPDATE rate_limits SET state = $2, version = version + 1, updated_at = $4 \
             WHERE key = $1 AND version = $3",
            key,
            state,
            version,
            now.0
        )?,
    };
    Ok(written > 0)
}

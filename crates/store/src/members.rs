//! Members, their sessions, and API keys. Secrets are stored as hashes only.

use domain::{ApiKeyId, MemberId, SellerId, Timestamp};
use sha2::{Digest, Sha256};

use crate::column::{row, words};
use crate::db::{all, first, run};
use crate::{SellerStore, StoreError, System};

words! {
    /// What a member may do for the seller.
    pub enum Role {
        /// Everything.
        Owner = "owner",
        /// Everything but members, keys and connections.
        Staff = "staff",
    }
}

row! {
    /// A person who signs in.
    pub struct Member {
        /// Its id.
        pub id: MemberId,
        /// For whom; `None`: an admin only.
        pub seller_id: Option<SellerId>,
        /// In lower case; unique on the server.
        pub email: String,
        /// As shown.
        pub name: String,
        /// What it may do.
        pub role: Role,
        /// Whether it operates the whole server.
        pub admin: bool,
        /// PHC string (argon2id).
        pub password_hash: String,
        /// When it was added.
        pub created_at: Timestamp,
        /// When it last signed in.
        pub signed_in_at: Option<Timestamp>,
    }
}

row! {
    /// A signed-in browser.
    pub struct Session {
        /// Who.
        pub member_id: MemberId,
        /// The token that forms carry.
        pub csrf: String,
        /// When it began.
        pub created_at: Timestamp,
        /// It ends when unused until then.
        pub idle_until: Timestamp,
        /// It ends then at the latest.
        pub expires_at: Timestamp,
    }
}

row! {
    /// An API key; the key itself is not stored.
    pub struct ApiKey {
        /// Its id.
        pub id: ApiKeyId,
        /// Whose data it opens.
        pub seller_id: SellerId,
        /// What it is for.
        pub name: String,
        /// Its first characters, to tell keys apart.
        pub hint: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was last used, to the minute.
        pub used_at: Option<Timestamp>,
        /// When it was revoked.
        pub revoked_at: Option<Timestamp>,
    }
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

impl System<'_> {
    /// Adds a member; [`StoreError::Taken`] when the e-mail address signs in already.
    pub async fn add_member(&self, member: &Member) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "INSERT INTO members (id, seller_id, email, name, role, admin, password_hash, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            member.id.0,
            member.seller_id.map(|s| s.0),
            member.email.to_lowercase(),
            &member.name,
            member.role.as_str(),
            member.admin,
            &member.password_hash,
            member.created_at.0
        )?;
        Ok(())
    }

    /// Who signs in with this address.
    pub async fn member_by_email(&self, email: &str) -> Result<Option<Member>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            Member,
            "SELECT * FROM members WHERE email = $1",
            email.to_lowercase()
        )
    }

    /// One member.
    pub async fn member(&self, id: MemberId) -> Result<Option<Member>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(link, Member, "SELECT * FROM members WHERE id = $1", id.0)
    }

    /// Whether anybody can sign in at all (the first start asks for an owner).
    pub async fn has_members(&self) -> Result<bool, StoreError> {
        let mut link = self.store.db.read().await?;
        Ok(first!(
            link,
            (i64,),
            "SELECT COUNT(*) FROM (SELECT id FROM members LIMIT 1) AS m"
        )?
        .is_some_and(|(n,)| n > 0))
    }

    /// Sets a new password hash; every session of the member ends.
    pub async fn set_password(&self, id: MemberId, password_hash: &str) -> Result<(), StoreError> {
        let mut link = self.store.db.begin().await?;
        run!(
            link,
            "UPDATE members SET password_hash = $2 WHERE id = $1",
            id.0,
            password_hash
        )?;
        run!(link, "DELETE FROM sessions WHERE member_id = $1", id.0)?;
        link.commit().await
    }

    /// Begins a session for a random `token` that only the browser keeps.
    pub async fn begin_session(&self, token: &str, session: &Session) -> Result<(), StoreError> {
        let mut link = self.store.db.begin().await?;
        run!(
            link,
            "INSERT INTO sessions (token_hash, member_id, csrf, created_at, idle_until, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            hash(token),
            session.member_id.0,
            &session.csrf,
            session.created_at.0,
            session.idle_until.0,
            session.expires_at.0
        )?;
        run!(
            link,
            "UPDATE members SET signed_in_at = $2 WHERE id = $1",
            session.member_id.0,
            session.created_at.0
        )?;
        link.commit().await
    }

    /// The session of a token and its member, unless it has ended.
    pub async fn session(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(Session, Member)>, StoreError> {
        let mut link = self.store.db.read().await?;
        let session = first!(
            link,
            Session,
            "SELECT * FROM sessions WHERE token_hash = $1 AND idle_until > $2 AND expires_at > $2",
            hash(token),
            now.0
        )?;
        let Some(session) = session else {
            return Ok(None);
        };
        let member = first!(
            link,
            Member,
            "SELECT * FROM members WHERE id = $1",
            session.member_id.0
        )?;
        Ok(member.map(|member| (session, member)))
    }

    /// The session is in use: it stays until `idle_until`.
    pub async fn touch_session(
        &self,
        token: &str,
        idle_until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE sessions SET idle_until = $2 WHERE token_hash = $1",
            hash(token),
            idle_until.0
        )?;
        Ok(())
    }

    /// Ends a session.
    pub async fn end_session(&self, token: &str) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "DELETE FROM sessions WHERE token_hash = $1",
            hash(token)
        )?;
        Ok(())
    }

    /// Forgets the sessions that have ended.
    pub async fn purge_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "DELETE FROM sessions WHERE expires_at <= $1 OR idle_until <= $1",
            now.0
        )
    }

    /// The key that this secret is, unless revoked; notes its use, at most once a minute.
    pub async fn api_key(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        let mut link = self.store.db.read().await?;
        let key = first!(
            link,
            ApiKey,
            "SELECT * FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL",
            hash(secret)
        )?;
        drop(link);
        if let Some(key) = &key
            && key
                .used_at
                .is_none_or(|at| now.since(at) > Timestamp::MINUTE)
        {
            let mut link = self.store.db.write().await?;
            run!(
                link,
                "UPDATE api_keys SET used_at = $2 WHERE id = $1",
                key.id.0,
                now.0
            )?;
        }
        Ok(key)
    }
}

impl SellerStore<'_> {
    /// The seller's members.
    pub async fn members(&self) -> Result<Vec<Member>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            Member,
            "SELECT * FROM members WHERE seller_id = $1 ORDER BY id",
            self.id.0
        )
    }

    /// Removes a member and its sessions.
    pub async fn remove_member(&self, id: MemberId) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "DELETE FROM members WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )?;
        Ok(())
    }

    /// Gives a member another role.
    pub async fn set_member_role(&self, id: MemberId, role: Role) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        let changed = run!(
            link,
            "UPDATE members SET role = $3 WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0,
            role.as_str()
        )?;
        if changed == 0 {
            return Err(StoreError::Missing("member"));
        }
        Ok(())
    }

    /// Stores the hash of an API key that is shown once.
    pub async fn add_api_key(
        &self,
        id: ApiKeyId,
        name: &str,
        secret: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        let hint: String = secret.chars().take(8).collect();
        run!(
            link,
            "INSERT INTO api_keys (id, seller_id, name, hint, key_hash, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            id.0,
            self.id.0,
            name,
            hint,
            hash(secret),
            now.0
        )?;
        Ok(())
    }

    /// The seller's API keys, the newest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            ApiKey,
            "SELECT * FROM api_keys WHERE seller_id = $1 ORDER BY id DESC",
            self.id.0
        )
    }

    /// The key opens nothing any more.
    pub async fn revoke_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        let revoked = run!(
            link,
            "UPDATE api_keys SET revoked_at = $3 \
             WHERE seller_id = $1 AND id = $2 AND revoked_at IS NULL",
            self.id.0,
            id.0,
            now.0
        )?;
        if revoked == 0 {
            return Err(StoreError::Missing("API key"));
        }
        Ok(())
    }
}

//! Meta's rate limits, shared by all nodes: each meter and each seller's share is a row, changed by
//! compare and swap.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use meta::graph::{GraphError, Usage};
use meta::limits::{
    CallKind, Decision, LimitCall, LimitState, Meter, Priority, Share, Shares, decide, observe,
};
use store::{ChannelAccount, StoreError};

use crate::engine::Engine;

/// Nodes that change a meter at once: who loses reads again.
const ATTEMPTS: u32 = 20;

/// Meters as they were read, with their rows' versions.
struct Loaded {
    state: LimitState,
    before: LimitState,
    versions: Vec<(String, Option<i64>)>,
}

/// Every seller's share of the app's limit as the rows have it, kept up with them: a decision looks at
/// all of them, and there may be thousands.
#[derive(Debug, Default)]
pub(crate) struct KnownShares(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    shares: Shares,
    versions: HashMap<String, i64>,
    /// Up to when the rows were read.
    seen: Timestamp,
}

/// The share that a call counts in, as it was read.
struct OwnShare {
    key: String,
    share: Option<Share>,
    version: Option<i64>,
}

const SHARE: &str = "share:";
/// Rows that other nodes wrote by a clock so far behind are seen.
const CLOCKS_APART: i64 = 10 * Timestamp::SECOND;

impl Engine {
    /// Counts a call that is about to be made; `Some`: not before this time.
    pub(crate) async fn permit(
        &self,
        account: &ChannelAccount,
        node: &str,
        kind: CallKind,
        priority: Priority,
    ) -> Result<Option<Timestamp>, StoreError> {
        let seller = account.seller_id.to_string();
        let key = meter_id(account, node);
        let call = limit_call(&seller, &key, account, kind, priority);
        for _ in 0..ATTEMPTS {
            let mut loaded = self.load_meters(&call).await?;
            let own = self.load_share(&call).await?;
            let now = self.now();
            let (decision, after) = self.decide_shared(&mut loaded.state, &call, own.as_ref(), now);
            let share = own.as_ref().zip(after.as_ref());
            if self.store_meters(&loaded, share, now).await? {
                return Ok(match decision {
                    Decision::Go => None,
                    Decision::WaitUntil(at) => Some(Timestamp(at)),
                });
            }
        }
        Ok(Some(self.now().plus(Timestamp::SECOND)))
    }

    /// Until when Meta's word or a full budget stops such a call; nothing is counted.
    pub(crate) async fn paused_until(
        &self,
        account: &ChannelAccount,
        node: &str,
        kind: CallKind,
        priority: Priority,
    ) -> Result<Option<Timestamp>, StoreError> {
        let seller = account.seller_id.to_string();
        let key = meter_id(account, node);
        let call = limit_call(&seller, &key, account, kind, priority);
        let mut state = self.load_meters(&call).await?.state;
        let own = self.load_share(&call).await?;
        let (decision, _) = self.decide_shared(&mut state, &call, own.as_ref(), self.now());
        Ok(match decision {
            Decision::Go => None,
            Decision::WaitUntil(at) => Some(Timestamp(at)),
        })
    }

    /// Learns from an answer of Meta.
    pub(crate) async fn learn(
        &self,
        account: &ChannelAccount,
        node: &str,
        kind: CallKind,
        usage: &Usage,
        error: Option<&GraphError>,
    ) -> Result<(), StoreError> {
        let seller = account.seller_id.to_string();
        let key = meter_id(account, node);
        let call = limit_call(&seller, &key, account, kind, Priority::Message);
        for _ in 0..ATTEMPTS {
            let mut loaded = self.load_meters(&call).await?;
            let now = self.now();
            observe(&mut loaded.state, &call, usage, error, now.0);
            if self.store_meters(&loaded, None, now).await? {
                break;
            }
        }
        Ok(())
    }

    /// Decides with every share at hand. Also gives the call's own share as it is to be stored.
    fn decide_shared(
        &self,
        state: &mut LimitState,
        call: &LimitCall<'_>,
        own: Option<&OwnShare>,
        now: Timestamp,
    ) -> (Decision, Option<Share>) {
        let mut known = self.0.shares.lock();
        std::mem::swap(&mut state.shares, &mut known.shares);
        if let Some(own) = own {
            own.put_into(&mut state.shares);
        }
        let decision = decide(state, &self.config().limits, call, now.0);
        let after = own.and_then(|own| state.shares.get(&own.key).cloned());
        if let Some(own) = own {
            // What is not stored yet is not known yet.
            own.put_into(&mut state.shares);
        }
        std::mem::swap(&mut state.shares, &mut known.shares);
        (decision, after)
    }

    /// Reads the share that the call counts in, and what others wrote of theirs.
    async fn load_share(&self, call: &LimitCall<'_>) -> Result<Option<OwnShare>, StoreError> {
        let Some(key) = call.share_key(&self.config().limits) else {
            return Ok(None);
        };
        self.look_at_shares(self.now()).await?;
        let row = self
            .store()
            .system()
            .rate_limit(&format!("{SHARE}{key}"))
            .await?;
        Ok(Some(OwnShare {
            version: row.as_ref().map(|(_, version)| *version),
            share: row.map(|(json, _)| serde_json::from_str(&json).unwrap_or_default()),
            key,
        }))
    }

    /// Reads the shares that were written since the last look.
    async fn look_at_shares(&self, now: Timestamp) -> Result<(), StoreError> {
        let since = self.0.shares.lock().seen.plus(-CLOCKS_APART);
        let rows = self
            .store()
            .system()
            .rate_limits_since(SHARE, since)
            .await?;
        let mut known = self.0.shares.lock();
        for (key, json, version) in rows {
            let Some(key) = key.strip_prefix(SHARE).map(str::to_owned) else {
                continue;
            };
            if known.versions.get(&key) < Some(&version) {
                let share = serde_json::from_str(&json).unwrap_or_default();
                known.shares.insert(key.clone(), share);
                known.versions.insert(key, version);
            }
        }
        known.seen = known.seen.max(now);
        Ok(())
    }

    async fn load_meters(&self, call: &LimitCall<'_>) -> Result<Loaded, StoreError> {
        let mut state = LimitState::default();
        let mut versions = Vec::new();
        for key in call.keys() {
            let row = self.store().system().rate_limit(&key).await?;
            let version = row.as_ref().map(|(_, version)| *version);
            if let Some((json, _)) = row {
                // A meter of another version of this program counts as new.
                let meter: Meter = serde_json::from_str(&json).unwrap_or_default();
                state.meters.insert(key.clone(), meter);
            }
            versions.push((key, version));
        }
        Ok(Loaded {
            before: state.clone(),
            state,
            versions,
        })
    }

    /// Writes what changed; `false`: another node was faster.
    async fn store_meters(
        &self,
        loaded: &Loaded,
        share: Option<(&OwnShare, &Share)>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut rows: Vec<(String, String, Option<i64>)> = Vec::new();
        for (key, version) in &loaded.versions {
            let after = loaded.state.meters.get(key);
            if let Some(after) = after
                && Some(after) != loaded.before.meters.get(key)
            {
                let json = serde_json::to_string(after).expect("a meter is plain data");
                rows.push((key.clone(), json, *version));
            }
        }
        if let Some((own, after)) = share {
            let json = serde_json::to_string(after).expect("a share is plain data");
            rows.push((format!("{SHARE}{}", own.key), json, own.version));
        }
        let borrowed: Vec<_> = rows
            .iter()
            .map(|(key, json, version)| (key.as_str(), json.as_str(), *version))
            .collect();
        let system = self.store().system();
        system.put_rate_limits(&borrowed, now).await
    }
}

impl OwnShare {
    fn put_into(&self, shares: &mut Shares) {
        match &self.share {
            Some(share) => shares.insert(self.key.clone(), share.clone()),
            None => shares.remove(&self.key),
        };
    }
}

impl KnownShares {
    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id that the account's calls are counted under: the node that is called, or ours where the
/// token alone says it.
fn meter_id(account: &ChannelAccount, node: &str) -> String {
    if node == "me" {
        account.id.to_string()
    } else {
        node.to_owned()
    }
}

fn limit_call<'a>(
    seller: &'a str,
    key: &'a str,
    account: &ChannelAccount,
    kind: CallKind,
    priority: Priority,
) -> LimitCall<'a> {
    let settings: Option<serde_json::Value> = serde_json::from_str(&account.settings).ok();
    let calls = settings.and_then(|s| s.get("calls_per_hour")?.as_u64());
    LimitCall {
        seller,
        account: key,
        catalog: None,
        kind,
        priority,
        account_calls_per_hour: calls.and_then(|n| u32::try_from(n).ok()),
    }
}

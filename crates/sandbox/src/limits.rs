//! Rate limits on rolling windows of the sandbox's clock, and the usage headers.
//!
//! Calls made while throttled count too: that is how they lengthen the block at Meta.

use crate::call::Call;
use crate::error::{GraphError, GraphResult};
use crate::world::{HOUR, MINUTE, World};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};

/// One line of `X-Business-Use-Case-Usage`.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    pub(crate) object: String,
    pub(crate) kind: &'static str,
    pub(crate) percent: u32,
    pub(crate) regain_minutes: u32,
}

/// The rolling windows, and what the current call used.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    windows: HashMap<(&'static str, String), VecDeque<i64>>,
    pub(crate) usage: Vec<Usage>,
    /// Percentage for `X-App-Usage`.
    pub(crate) app_percent: u32,
    /// How often any limit was exceeded, by error code.
    pub(crate) refused: HashMap<i64, u64>,
}

struct Limit {
    name: &'static str,
    kind: &'static str,
    object: String,
    most: Option<u32>,
    window: i64,
    error: fn() -> GraphError,
}

impl Meters {
    /// Counts one call; past the limit the milliseconds to wait.
    fn take(&mut self, limit: &Limit, now: i64) -> Result<(), i64> {
        let Some(most) = limit.most else {
            return Ok(());
        };
        let most = most as usize;
        let window = self
            .windows
            .entry((limit.name, limit.object.clone()))
            .or_default();
        while window.front().is_some_and(|t| *t <= now - limit.window) {
            window.pop_front();
        }
        let over = window.len() >= most;
        if window.len() >= most * 2 {
            window.pop_front();
        }
        window.push_back(now);
        let wait = if over {
            let frees = window[window.len() - most];
            (frees + limit.window - now).max(1)
        } else {
            0
        };
        // The header tells of limits on longer times only.
        if limit.window >= MINUTE {
            self.usage.push(Usage {
                object: limit.object.clone(),
                kind: limit.kind,
                percent: (window.len() * 100 / most.max(1)) as u32,
                regain_minutes: (wait as u32).div_ceil(MINUTE as u32),
            });
        }
        if over { Err(wait) } else { Ok(()) }
    }

    /// The usage headers of the current call: (X-App-Usage, X-Business-Use-Case-Usage).
    pub(crate) fn headers(&self) -> (String, Option<String>) {
        let share = |percent: u32| json!({"call_count": percent, "total_time": percent / 2, "total_cputime": percent / 2});
        let app = share(self.app_percent).to_string();
        let mut map = Map::new();
        for usage in &self.usage {
            let mut line = share(usage.percent);
            line["type"] = usage.kind.into();
            line["estimated_time_to_regain_access"] = usage.regain_minutes.into();
            let list = map
                .entry(usage.object.clone())
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(line);
            }
        }
        let business = (!map.is_empty()).then(|| Value::Object(map).to_string());
        (app, business)
    }
}

impl World {
    /// Counts the call against its limits before it is looked at.
    pub(crate) fn charge(&mut self, call: &Call, endpoint: &str) -> GraphResult<()> {
        self.meters.usage.clear();
        self.meters.app_percent = 0;
        let now = self.now();
        for limit in self.limits_of(call, endpoint) {
            let outcome = self.meters.take(&limit, now);
            if matches!(limit.name, "user" | "app")
                && limit.most.is_some()
                && let Some(last) = self.meters.usage.pop()
            {
                self.meters.app_percent = self.meters.app_percent.max(last.percent);
            }
            if outcome.is_err() {
                let error = (limit.error)();
                *self.meters.refused.entry(error.code).or_default() += 1;
                return Err(error);
            }
        }
        Ok(())
    }

    /// The limits that a call counts against: those of its endpoint, and the app's for all that is
    /// not about catalogs, which have limits of their own.
    fn limits_of(&self, call: &Call, endpoint: &str) -> Vec<Limit> {
        let mut limits = self.limits_of_endpoint(call, endpoint);
        let token = call.token.as_deref().and_then(|t| self.tokens.get(t));
        let own = |limit: &Limit| limit.kind.starts_with("catalog") || limit.kind == "whatsapp";
        if let Some(token) = token
            && !limits.is_empty()
            && !limits.iter().any(own)
        {
            limits.push(Limit {
                name: "app",
                kind: "app",
                object: token.app.clone(),
                most: self.config.limits.app_calls_per_hour,
                window: HOUR,
                error: || GraphError::new(4, "(#4) Application request limit reached"),
            });
        }
        limits
    }

    fn limits_of_endpoint(&self, call: &Call, endpoint: &str) -> Vec<Limit> {
        let set = &self.config.limits;
        let token = call.token.as_deref().and_then(|t| self.tokens.get(t));
        let first = call.path.first().cloned().unwrap_or_default();
        let account = match (first.as_str(), token.and_then(|t| t.profile.clone())) {
            ("me", Some(profile)) => profile,
            _ => first.clone(),
        };
        let user = token.map(|t| t.user.clone());
        let by_user = |most| Limit {
            name: "user",
            kind: "user",
            object: user.clone().unwrap_or_default(),
            most: user.as_ref().and(most),
            window: HOUR,
            error: || GraphError::new(17, "(#17) User request limit reached"),
        };
        let management = |catalog: String| Limit {
            name: "catalog_management",
            kind: "catalog_management",
            object: catalog,
            most: set.catalog_calls_per_hour,
            window: HOUR,
            error: || {
                GraphError::new(
                    80_009,
                    "(#80009) There have been too many calls to this catalog",
                )
            },
        };
        match endpoint {
            "messages" if self.numbers.contains_key(&account) => vec![Limit {
                name: "whatsapp",
                kind: "whatsapp",
                object: account,
                most: set.whatsapp_per_second,
                window: 1000,
                error: || GraphError::new(130_429, "(#130429) Rate limit hit"),
            }],
            "messages" => {
                let mut limits = vec![Limit {
                    name: "send",
                    kind: "messenger",
                    object: account.clone(),
                    most: set.sends_per_second,
                    window: 1000,
                    error: || {
                        GraphError::new(
                            613,
                            "(#613) Calls to this api have exceeded the rate limit.",
                        )
                        .sub(2_534_040)
                    },
                }];
                if call
                    .json("recipient")
                    .is_some_and(|r| r.get("comment_id").is_some())
                {
                    limits.push(Limit {
                        name: "private_reply",
                        kind: "instagram",
                        object: account,
                        most: set.private_replies_per_hour,
                        window: HOUR,
                        error: || {
                            GraphError::new(613, "(#613) Too many private replies").sub(2_534_013)
                        },
                    });
                }
                limits
            }
            "conversations" => vec![Limit {
                name: "conversations",
                kind: "messenger",
                object: account,
                most: set.conversations_per_second,
                window: 1000,
                error: || {
                    GraphError::new(
                        613,
                        "(#613) Calls to this api have exceeded the rate limit.",
                    )
                },
            }],
            "items_batch" => vec![Limit {
                name: "catalog_batch",
                kind: "catalog_batch",
                object: first,
                most: set.batches_per_minute,
                window: MINUTE,
                error: || {
                    GraphError::new(
                        80_014,
                        "(#80014) There have been too many calls for the batch uploads to this \
                         catalog account. Wait a bit and try again.",
                    )
                },
            }],
            "check_batch_request_status" | "diagnostics" => vec![management(first)],
            "products" if call.is_get() => vec![management(first)],
            "products" => vec![management(first), by_user(set.calls_per_hour)],
            "product" => {
                let catalog = self.catalog_of_product(&first).unwrap_or_default();
                let mut limits = vec![management(catalog)];
                if !call.is_get() {
                    limits.push(by_user(set.calls_per_hour));
                }
                limits
            }
            "oauth" | "dialog" | "debug_token" | "batch" => Vec::new(),
            _ => vec![by_user(set.calls_per_hour)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_rolls_and_refused_calls_lengthen_it() {
        let limit = Limit {
            name: "x",
            kind: "x",
            object: "1".into(),
            most: Some(2),
            window: 1000,
            error: || GraphError::new(80_014, ""),
        };
        let mut meters = Meters::default();
        assert!(meters.take(&limit, 0).is_ok());
        assert!(meters.take(&limit, 100).is_ok());
        assert_eq!(
            meters.take(&limit, 200),
            Err(900),
            "the call at 100 must leave first"
        );
        assert!(
            meters.take(&limit, 1050).is_err(),
            "the refused call still counts"
        );
        assert!(meters.take(&limit, 2100).is_ok());
    }
}

//! The usage headers: `X-App-Usage` and `X-Business-Use-Case-Usage`.
//!
//! The second is a map of object id to a list, up to 32 objects, and its regain time is in minutes
//! (Meta's rate-limiting page). What cannot be read says nothing and is left out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::webhook::wire::{Text, list};

/// What an answer's headers say about how much of a limit is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// The app's calls in the rolling hour, in percent of its limit.
    pub app: Option<Percent>,
    /// Per business, page, Instagram account or catalogue.
    pub business: Vec<BusinessUsage>,
}

/// Percentages of a limit; over 100 is throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Percent {
    /// Of the number of calls.
    pub calls: u32,
    /// Of the total time.
    pub time: u32,
    /// Of the processor time.
    pub cpu_time: u32,
}

impl Percent {
    /// The highest of the three: whichever reaches 100 first throttles.
    pub fn highest(self) -> u32 {
        self.calls.max(self.time).max(self.cpu_time)
    }
}

/// One line of `X-Business-Use-Case-Usage`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BusinessUsage {
    /// The object the limit belongs to.
    pub object_id: String,
    /// Meta's name of the limit: `instagram`, `messenger`, `pages`, ...
    pub kind: String,
    /// How much is used.
    pub percent: Percent,
    /// Minutes until calls are taken again; 0 while they are.
    pub regain_minutes: u32,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default)]
    call_count: Option<Text<'a>>,
    #[serde(borrow, default)]
    total_time: Option<Text<'a>>,
    #[serde(borrow, default)]
    total_cputime: Option<Text<'a>>,
    #[serde(borrow, default)]
    estimated_time_to_regain_access: Option<Text<'a>>,
}

impl Wire<'_> {
    fn percent(&self) -> Percent {
        Percent {
            calls: whole(self.call_count.as_ref()),
            time: whole(self.total_time.as_ref()),
            cpu_time: whole(self.total_cputime.as_ref()),
        }
    }
}

fn whole(text: Option<&Text<'_>>) -> u32 {
    text.and_then(Text::number)
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or(0)
}

impl Usage {
    /// Reads the two headers' values.
    pub fn read(app: Option<&str>, business: Option<&str>) -> Self {
        let app = app.and_then(|text| serde_json::from_str::<Wire<'_>>(text).ok());
        let map: BTreeMap<String, &RawValue> = business
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let business = map.iter().flat_map(|(object_id, raw)| {
            list::<Wire<'_>>(Some(raw))
                .into_iter()
                .map(|wire| BusinessUsage {
                    object_id: object_id.clone(),
                    kind: wire.kind.as_ref().map_or("", Text::as_str).to_owned(),
                    percent: wire.percent(),
                    regain_minutes: whole(wire.estimated_time_to_regain_access.as_ref()),
                })
        });
        Self {
            app: app.map(|wire| wire.percent()),
            business: business.collect(),
        }
    }

    /// Reads them from an answer's headers.
    pub fn from_headers(headers: &reqwest::header::HeaderMap) -> Self {
        let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self::read(get("x-app-usage"), get("x-business-use-case-usage"))
    }

    /// The longest time until calls are taken again, in seconds.
    pub fn regain_seconds(&self) -> Option<u32> {
        let minutes = self.business.iter().map(|b| b.regain_minutes).max()?;
        (minutes > 0).then(|| minutes.saturating_mul(60))
    }

    /// Writes `X-Business-Use-Case-Usage` as Meta does; for the sandbox and tests.
    pub fn business_header(&self) -> String {
        let mut map: BTreeMap<&str, Vec<serde_json::Value>> = BTreeMap::new();
        for b in &self.business {
            map.entry(&b.object_id)
                .or_default()
                .push(serde_json::json!({
                    "type": b.kind,
                    "call_count": b.percent.calls,
                    "total_cputime": b.percent.cpu_time,
                    "total_time": b.percent.time,
                    "estimated_time_to_regain_access": b.regain_minutes,
                }));
        }
        serde_json::to_string(&map).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_are_read_as_meta_writes_them() {
        let usage = Usage::read(
            Some(r#"{"call_count":28,"total_time":25,"total_cputime":26}"#),
            Some(
                r#"{"1784":[{"type":"instagram","call_count":95,"total_cputime":20,"total_time":20,
                "estimated_time_to_regain_access":19}],"77":[{"type":"x","call_count":"100"},{"type":"y"}]}"#,
            ),
        );
        assert_eq!(usage.app.unwrap().highest(), 28);
        assert_eq!(usage.business.len(), 3);
        let instagram = usage
            .business
            .iter()
            .find(|b| b.object_id == "1784")
            .unwrap();
        assert_eq!(
            (instagram.percent.highest(), instagram.regain_minutes),
            (95, 19)
        );
        assert_eq!(usage.regain_seconds(), Some(19 * 60));
        assert_eq!(
            Usage::read(None, Some(&usage.business_header())).business,
            usage.business
        );
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for text in ["", "x", "[]", "{\"1\":5}", "{\"1\":{\"call_count\":{}}}"] {
            let usage = Usage::read(Some(text), Some(text));
            assert_eq!(usage.regain_seconds(), None, "{text}");
            assert!(usage.business.is_empty(), "{text}");
        }
    }
}

//! Cursor paging as the Graph API does it.

use crate::call::{Call, percent_encode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const DEFAULT_LIMIT: usize = 25;
const MOST: usize = 5000;

/// The page of `all` that `limit` and `after` ask for, and its `paging` object.
///
/// A cursor holds the key of the last row and its place, so that a page goes on rightly when
/// earlier rows were removed meanwhile.
pub(crate) fn paged<'a, T>(
    call: &Call,
    all: &[&'a T],
    key: impl Fn(&T) -> &str,
) -> (Vec<&'a T>, Value) {
    let limit = call
        .number("limit")
        .map_or(DEFAULT_LIMIT, |n| (n.max(1) as usize).min(MOST));
    let start = call
        .text("after")
        .and_then(|c| after(&c, all, &key))
        .unwrap_or(0);
    let page: Vec<&T> = all.iter().skip(start).take(limit).copied().collect();
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return (page, json!({}));
    };
    let end = start + page.len();
    let mut paging = json!({"cursors": {
        "before": cursor(start + 1, key(first)),
        "after": cursor(end, key(last)),
    }});
    if end < all.len() {
        let mut query: Vec<String> = call
            .params
            .iter()
            .filter(|(k, _)| !matches!(k.as_str(), "after" | "appsecret_proof" | "limit"))
            .filter_map(|(k, v)| {
                let text = crate::call::into_text(v.clone())?;
                Some(format!("{k}={}", percent_encode(&text)))
            })
            .collect();
        query.push(format!("limit={limit}"));
        query.push(format!("after={}", cursor(end, key(last))));
        let version = call.version.as_deref().unwrap_or("v25.0");
        paging["next"] = Value::from(format!(
            "{}/{version}/{}?{}",
            call.base,
            call.path.join("/"),
            query.join("&")
        ));
    }
    (page, paging)
}

fn cursor(end: usize, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{end}:{key}"))
}

fn after<T>(cursor: &str, all: &[&T], key: &impl Fn(&T) -> &str) -> Option<usize> {
    let raw = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (end, last) = raw.split_once(':')?;
    let end: usize = end.parse().ok()?;
    // Usually the row is where it was; otherwise it is looked for, and failing that counted.
    if all
        .get(end.checked_sub(1)?)
        .is_some_and(|row| key(row) == last)
    {
        return Some(end);
    }
    Some(
        all.iter()
            .position(|row| key(row) == last)
            .map_or(end, |at| at + 1)
            .min(all.len()),
    )
}

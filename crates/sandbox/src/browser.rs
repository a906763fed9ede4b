//! The person's browser in a login: goes to a dialog and comes back.

use crate::call::percent_decode;
use crate::post::Http;
use std::time::Duration;

/// What the browser brings back to the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameBack {
    /// The `state` that the dialog was opened with.
    pub state: String,
    /// The code; absent when the person pressed "Cancel".
    pub code: Option<String>,
}

/// Opens the address of a dialog. `None` when it does not send the browser back: it shows a page
/// (unless [`crate::Consent::auto`]), or the call failed.
pub async fn through_dialog(url: &str) -> Option<CameBack> {
    let http = Http::new(Duration::from_secs(10));
    let answer = http.to(url).get(url).send().await.ok()?;
    let back = answer.headers().get("location")?.to_str().ok()?.to_owned();
    let query = back.split_once('?')?.1.split('#').next()?;
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, text) = pairs.find(|(n, _)| *n == name)?;
        Some(percent_decode(text.as_bytes(), true))
    };
    Some(CameBack {
        state: value("state")?,
        code: value("code"),
    })
}

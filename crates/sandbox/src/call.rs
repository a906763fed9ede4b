//! One Graph API call, whatever way it came in: query, form, JSON or a method override.

use crate::error::{GraphError, GraphResult};
use serde_json::{Map, Value};

/// A parsed call. Parameters of query and body are merged, as the Graph API does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) version: Option<String>,
    pub(crate) path: Vec<String>,
    pub(crate) params: Map<String, Value>,
    pub(crate) token: Option<String>,
    /// Bytes of the body.
    pub(crate) size: usize,
    /// The sandbox's own address, for links in answers.
    pub(crate) base: String,
}

impl Call {
    /// Builds a call from the parts of an HTTP request. Unreadable JSON is error 100.
    pub(crate) fn parse(
        method: &str,
        path: &str,
        query: &str,
        content_type: &str,
        authorization: Option<&str>,
        body: &[u8],
    ) -> GraphResult<Self> {
        let mut params = Map::new();
        form_into(&mut params, query.as_bytes());
        if !body.is_empty() {
            if content_type.starts_with("application/json") {
                match serde_json::from_slice::<Value>(body) {
                    Ok(Value::Object(map)) => params.extend(map),
                    _ => return Err(GraphError::param("The request body is not a JSON object")),
                }
            } else if content_type.starts_with("application/x-www-form-urlencoded")
                || content_type.is_empty()
            {
                form_into(&mut params, body);
            }
        }
        let mut segments: Vec<String> = path
            .split('/')
            .filter(|s| !s.is_empty())
            .map(|s| percent_decode(s.as_bytes(), false))
            .collect();
        let version = segments
            .first()
            .is_some_and(|s| is_version(s))
            .then(|| segments.remove(0));
        let token = params
            .remove("access_token")
            .and_then(into_text)
            .or_else(|| {
                let (scheme, rest) = authorization?.split_once(' ')?;
                let known = scheme.eq_ignore_ascii_case("bearer") || scheme == "OAuth";
                known.then(|| rest.trim().to_owned())
            });
        let method = match params.remove("method").and_then(into_text) {
            Some(over) if method == "POST" => over.to_uppercase(),
            _ => method.to_uppercase(),
        };
        Ok(Self {
            method,
            version,
            path: segments,
            params,
            token,
            size: body.len(),
            base: String::new(),
        })
    }

    pub(crate) fn is_get(&self) -> bool {
        self.method == "GET"
    }

    pub(crate) fn is_post(&self) -> bool {
        self.method == "POST"
    }

    pub(crate) fn is_delete(&self) -> bool {
        self.method == "DELETE"
    }

    /// The parameter as text; numbers and booleans become their text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.params.get(name).cloned().and_then(into_text)
    }

    /// The parameter as text, or error 100.
    pub(crate) fn require(&self, name: &str) -> GraphResult<String> {
        self.text(name)
            .filter(|v| !v.is_empty())
            .ok_or_else(|| GraphError::param(format!("The parameter {name} is required")))
    }

    /// The parameter as JSON: given as such, or as text that holds JSON (forms do that).
    pub(crate) fn json(&self, name: &str) -> Option<Value> {
        match self.params.get(name)? {
            Value::String(text) => {
                Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())))
            }
            other => Some(other.clone()),
        }
    }

    /// The parameter as a list of words: a JSON list or comma separated.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<String>> {
        match self.json(name)? {
            Value::Array(items) => Some(items.into_iter().filter_map(into_text).collect()),
            Value::String(text) => Some(
                text.split(',')
                    .map(str::trim)
                    .filter(|s| !s.is_empty())
                    .map(Into::into)
                    .collect(),
            ),
            other => into_text(other).map(|t| vec![t]),
        }
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        match self.text(name).as_deref() {
            Some("true" | "1" | "True") => true,
            Some("false" | "0" | "False") => false,
            _ => default,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// The fields asked for at the top level: `id,name,page{id,name}` gives three pairs.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        self.text("fields")
            .map(|t| split_fields(&t))
            .unwrap_or_default()
    }

    /// Error 100/33 for this call.
    pub(crate) fn unsupported(&self) -> GraphError {
        let id = self.path.first().map_or("", String::as_str);
        GraphError::unsupported(&self.method, id)
    }

    /// Error 2500 for this call.
    pub(crate) fn unknown_path(&self) -> GraphError {
        GraphError::unknown_path(&self.path.join("/"))
    }
}

/// Splits a field list at its top-level commas; each part is (name, inner list).
pub(crate) fn split_fields(text: &str) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0usize);
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    for (at, c) in text.char_indices().chain([(text.len(), ',')]) {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..at].trim().trim_matches('"'));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
        .into_iter()
        .filter(|p| !p.is_empty())
        .map(|part| match part.split_once('{') {
            Some((name, inner)) => (bare_name(name), inner.trim_end_matches('}').to_owned()),
            None => (bare_name(part), String::new()),
        })
        .collect()
}

/// `messages.limit(5)` asks for `messages`.
fn bare_name(name: &str) -> String {
    name.split('.').next().unwrap_or(name).trim().to_owned()
}

/// Keeps of `value` what `fields` asks for (all of it when nothing is asked), `id` always.
pub(crate) fn project(value: &Value, fields: &[(String, String)]) -> Value {
    let Some(map) = value.as_object().filter(|_| !fields.is_empty()) else {
        return value.clone();
    };
    let mut out = Map::new();
    if let Some(id) = map.get("id") {
        out.insert("id".into(), id.clone());
    }
    for (name, inner) in fields {
        let Some(found) = map.get(name).filter(|v| !v.is_null()) else {
            continue;
        };
        out.insert(name.clone(), project_inner(found, inner));
    }
    Value::Object(out)
}

/// Keeps of a field what its inner list asks for.
pub(crate) fn project_inner(value: &Value, inner: &str) -> Value {
    if inner.is_empty() {
        return value.clone();
    }
    let fields = split_fields(inner);
    if let Some(data) = value.get("data").and_then(Value::as_array) {
        let mut out = value.clone();
        out["data"] = data.iter().map(|v| project(v, &fields)).collect();
        return out;
    }
    project(value, &fields)
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .and_then(|r| r.split_once('.'))
        .is_some_and(|(a, b)| {
            !a.is_empty() && !b.is_empty() && a.bytes().chain(b.bytes()).all(|c| c.is_ascii_digit())
        })
}

/// A scalar as text.
pub(crate) fn into_text(value: Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// Adds the pairs of a form or query string to `params`.
fn form_into(params: &mut Map<String, Value>, raw: &[u8]) {
    for pair in raw.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
        let (key, value) = match pair.iter().position(|b| *b == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        params.insert(
            percent_decode(key, true),
            Value::String(percent_decode(value, true)),
        );
    }
}

pub(crate) fn percent_decode(raw: &[u8], plus: bool) -> String {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let hex = raw
            .get(at + 1..at + 3)
            .and_then(|h| std::str::from_utf8(h).ok());
        match (raw[at], hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) if plus => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Percent-encodes a query value.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(byte as char);
            }
            _ => {
                use std::fmt::Write as _;
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn query_form_and_override_are_one_call() {
        let call = Call::parse(
            "POST",
            "/v25.0/1/messages",
            "method=get&a=1%202&access_token=T",
            "application/x-www-form-urlencoded",
            None,
            b"recipient=%7B%22id%22%3A%225%22%7D&x=a+b",
        )
        .unwrap();
        assert_eq!(call.method, "GET");
        assert_eq!(call.version.as_deref(), Some("v25.0"));
        assert_eq!(call.path, ["1", "messages"]);
        assert_eq!(call.token.as_deref(), Some("T"));
        assert_eq!(call.text("a").as_deref(), Some("1 2"));
        assert_eq!(call.text("x").as_deref(), Some("a b"));
        assert_eq!(call.json("recipient"), Some(json!({"id":"5"})));
    }

    #[test]
    fn fields_nest() {
        let parts = split_fields("id,page{id,name},messages.limit(5){id,from{id}}");
        let names: Vec<_> = parts.iter().map(|p| p.0.as_str()).collect();
        assert_eq!(names, ["id", "page", "messages"]);
        let value = json!({"id":"1","page":{"id":"2","name":"n","x":1},"y":2});
        assert_eq!(
            project(&value, &parts),
            json!({"id":"1","page":{"id":"2","name":"n"}})
        );
    }
}

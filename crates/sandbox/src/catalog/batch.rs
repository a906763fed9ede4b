//! `items_batch` and `check_batch_request_status`.

use super::{Handle, fields};
use crate::call::Call;
use crate::error::{GraphError, GraphResult};
use crate::faults::Fault;
use crate::world::World;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::HashSet;

const MOST_REQUESTS: usize = 5000;
const MOST_BYTES: usize = 28 << 20;

#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: Method,
    retailer_id: String,
    fields: Vec<(&'static str, Value)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Create,
    Update,
    Delete,
}

impl World {
    /// Takes a batch. Bad items are told at once, the rest is processed later under a handle.
    pub(crate) fn items_batch(
        &mut self,
        call: &Call,
        catalog: &str,
        fault: Option<&Fault>,
    ) -> GraphResult<Value> {
        if call.size > MOST_BYTES {
            return Err(GraphError::new(
                1,
                "Please reduce the amount of data you're asking for, then retry your request",
            ));
        }
        if call.text("item_type").as_deref() != Some("PRODUCT_ITEM") {
            return Err(GraphError::param(
                "Param item_type must be one of {PRODUCT_ITEM, ...}",
            ));
        }
        let Some(raw) = requests_of(call) else {
            return Err(GraphError::param("The parameter requests is required"));
        };
        if raw.is_empty() || raw.len() > MOST_REQUESTS {
            return Err(GraphError::param(format!(
                "Param requests must have 1 to {MOST_REQUESTS} elements"
            )));
        }
        let mut status = Vec::new();
        let mut requests = Vec::new();
        for one in raw.iter() {
            take_request(one, &mut requests, &mut status);
        }
        if let Some(catalog) = self.catalogs.get_mut(catalog) {
            for request in &requests {
                let content = format!("{:?} {:?}", request.method, request.fields);
                catalog.receive(&request.retailer_id, &content);
            }
        }
        let empty = requests.is_empty() || matches!(fault, Some(Fault::EmptyHandles));
        if empty {
            return Ok(json!({"handles": [], "validation_status": status}));
        }
        if matches!(fault, Some(Fault::HalfBatch)) {
            requests.truncate(requests.len().div_ceil(2));
        }
        self.mix_repeated(&mut requests);
        let handle = format!("Acz{}", self.rng.hex(24));
        let created_at = self.now();
        if let Some(catalog) = self.catalogs.get_mut(catalog) {
            catalog.handles.push(Handle {
                handle: handle.clone(),
                requests,
                allow_upsert: call.flag("allow_upsert", true),
                created_at,
                polls: 0,
                finished: false,
                lost: matches!(fault, Some(Fault::LoseHandle)),
                vanish: match fault {
                    Some(Fault::VanishItems { count }) => *count,
                    _ => 0,
                },
                images_fail: matches!(fault, Some(Fault::ImageFetchFails)),
                rejected: matches!(fault, Some(Fault::RejectReview)),
                errors: Vec::new(),
                warnings: Vec::new(),
                counted: 0,
                invalid: Vec::new(),
            });
        }
        self.settle(catalog, false);
        Ok(json!({"handles": [handle], "validation_status": status}))
    }

    /// Two updates of one item in one call have no guaranteed order.
    fn mix_repeated(&mut self, requests: &mut [Request]) {
        let distinct: HashSet<&str> = requests.iter().map(|r| r.retailer_id.as_str()).collect();
        if distinct.len() < requests.len() {
            self.rng.shuffle(requests);
        }
    }

    /// Carries out the requests of a handle.
    pub(super) fn process(&mut self, catalog: &str, at: usize) {
        let Some(found) = self.catalogs.get_mut(catalog) else {
            return;
        };
        let handle = &mut found.handles[at];
        handle.finished = true;
        let requests = std::mem::take(&mut handle.requests);
        let (upsert, images_fail, rejected, vanish) = (
            handle.allow_upsert,
            handle.images_fail,
            handle.rejected,
            handle.vanish,
        );
        let gone: Vec<String> = requests
            .iter()
            .take(vanish)
            .map(|r| r.retailer_id.clone())
            .collect();
        for (line, request) in requests.into_iter().enumerate() {
            let sku = request.retailer_id.clone();
            let known = self
                .catalogs
                .get(catalog)
                .is_some_and(|c| c.items.contains_key(&sku));
            let new = request.method == Method::Create || (upsert && !known);
            let problem = match request.method {
                Method::Delete if !known => Some((true, "Product does not exist".to_owned())),
                Method::Update if !known && !upsert => Some((
                    true,
                    "Product does not exist and allow_upsert is off".to_owned(),
                )),
                Method::Create | Method::Update if new && !known => {
                    let missing = fields::missing(&request.fields);
                    (!missing.is_empty()).then(|| {
                        (
                            false,
                            format!("Missing required fields: {}", missing.join(", ")),
                        )
                    })
                }
                _ => None,
            };
            match (problem, request.method) {
                (Some((error, message)), _) => {
                    self.note_problem(catalog, at, line, &sku, error, &message);
                }
                (None, Method::Delete) => {
                    self.catalogs.get_mut(catalog).map(|c| c.remove(&sku));
                }
                (None, _) => {
                    self.write_item(catalog, &sku, request.fields, images_fail, rejected);
                }
            }
        }
        if let Some(catalog) = self.catalogs.get_mut(catalog) {
            for sku in gone {
                catalog.remove(&sku);
            }
        }
    }

    fn note_problem(
        &mut self,
        catalog: &str,
        at: usize,
        line: usize,
        sku: &str,
        error: bool,
        message: &str,
    ) {
        let Some(catalog) = self.catalogs.get_mut(catalog) else {
            return;
        };
        let handle = &mut catalog.handles[at];
        let entry = json!({"line": line + 1, "id": sku, "message": message});
        handle.counted += 1;
        handle.invalid.push(sku.to_owned());
        if error {
            handle.errors.push(entry);
        } else {
            // As in Meta's sample: listed under warnings, counted as an error.
            handle.warnings.push(entry);
        }
    }

    /// The state of a handle. A lost handle gives an empty list.
    pub(crate) fn batch_status(&mut self, call: &Call, catalog: &str) -> GraphResult<Value> {
        let wanted = call.require("handle")?;
        if let Some(found) = self.catalogs.get_mut(catalog)
            && let Some(handle) = found.handles.iter_mut().find(|h| h.handle == wanted)
        {
            handle.polls += 1;
        }
        self.settle(catalog, false);
        let handles = self
            .catalogs
            .get(catalog)
            .map(|c| c.handles.as_slice())
            .unwrap_or_default();
        let Some(handle) = handles.iter().find(|h| h.handle == wanted) else {
            return Err(GraphError::param(format!("Invalid handle: {wanted}")));
        };
        if handle.lost {
            return Ok(json!({"data": []}));
        }
        let load_ids = call.flag("load_ids_of_invalid_requests", false);
        let status = match (handle.finished, handle.polls) {
            (true, _) => "finished",
            (false, 0 | 1) => "started",
            (false, _) => "in progress",
        };
        let value = json!({
            "handle": handle.handle,
            "status": status,
            "errors": handle.errors,
            "errors_total_count": handle.counted,
            "warnings": handle.warnings,
            "warnings_total_count": handle.warnings.len(),
            "ids_of_invalid_requests": if load_ids { handle.invalid.clone() } else { Vec::new() },
        });
        let mut fields = call.fields();
        if fields.is_empty() {
            fields = [
                "handle",
                "status",
                "errors_total_count",
                "warnings_total_count",
            ]
            .map(|f| (f.to_owned(), String::new()))
            .to_vec();
        }
        Ok(json!({"data": [crate::call::project(&value, &fields)]}))
    }
}

/// The list under `requests`: borrowed from a JSON body, parsed from a form.
fn requests_of(call: &Call) -> Option<Cow<'_, [Value]>> {
    match call.params.get("requests")? {
        Value::Array(items) => Some(Cow::Borrowed(items)),
        Value::String(text) => serde_json::from_str(text).ok().map(Cow::Owned),
        _ => None,
    }
}

/// Reads one request of a batch; what is wrong with it goes to `status`.
fn take_request(one: &Value, requests: &mut Vec<Request>, status: &mut Vec<Value>) {
    let empty = Map::new();
    let data = one["data"].as_object().unwrap_or(&empty);
    let id = data
        .get("id")
        .cloned()
        .and_then(crate::call::into_text)
        .unwrap_or_default();
    let mut errors = Vec::new();
    let method = match one["method"].as_str() {
        Some("CREATE") => Some(Method::Create),
        Some("UPDATE") => Some(Method::Update),
        Some("DELETE") => Some(Method::Delete),
        _ => {
            errors.push("method: must be one of CREATE, UPDATE, DELETE".to_owned());
            None
        }
    };
    if id.is_empty() {
        errors.push("id: the field is required in data".into());
    }
    if id.chars().count() > 100 {
        errors.push("id: at most 100 characters are allowed".into());
    }
    let mut checked = fields::check(data);
    errors.append(&mut checked.errors);
    if method == Some(Method::Delete) {
        errors.retain(|e| e.starts_with("id:"));
        checked.warnings.clear();
    }
    if !errors.is_empty() || !checked.warnings.is_empty() {
        let listed =
            |all: &[String]| -> Vec<Value> { all.iter().map(|m| json!({"message": m})).collect() };
        let retailer = if id.is_empty() {
            Value::Null
        } else {
            id.as_str().into()
        };
        status.push(json!({
            "retailer_id": retailer,
            "errors": listed(&errors),
            "warnings": listed(&checked.warnings),
        }));
    }
    if let (Some(method), true) = (method, errors.is_empty()) {
        requests.push(Request {
            method,
            retailer_id: id,
            fields: checked.fields,
        });
    }
}

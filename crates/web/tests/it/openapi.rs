//! The OpenAPI document: valid, complete, and the one that is served.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::App;

fn document() -> Value {
    serde_json::from_str(&web::openapi()).unwrap()
}

#[test]
fn the_document_is_openapi_3_1_and_refers_only_to_what_it_has() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document["info"]["title"], "Eziseller");
    let mut refs = Vec::new();
    collect_refs(&document, &mut refs);
    assert!(!refs.is_empty());
    for reference in refs {
        let pointer = reference
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{reference} is not local"));
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let place = format!("{method} {path}");
            let id = operation["operationId"]
                .as_str()
                .unwrap_or_else(|| panic!("{place}: no id"));
            assert!(ids.insert(id.to_owned()), "{place}: {id} is used twice");
            assert!(
                operation["summary"].is_string(),
                "{place} says nothing about itself"
            );
            assert!(operation["tags"].is_array(), "{place} belongs nowhere");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|code| code.starts_with('2')),
                "{place}"
            );
            assert!(responses.contains_key("4XX"), "{place} has no refusal");
            for name in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                let name = name.trim_end_matches('}');
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(
                    parameters
                        .iter()
                        .any(|p| p["name"] == name && p["in"] == "path"),
                    "{place}"
                );
            }
        }
    }
}

fn collect_refs(value: &Value, refs: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("$ref", Value::String(text)) => refs.push(text.clone()),
                    _ => collect_refs(inner, refs),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| collect_refs(inner, refs)),
        _ => {}
    }
}

/// Routes that exist and are not in the document answer 401 or worse instead of 404; this asks the
/// router for every path that the sources name, so that a route cannot be added past the document.
#[test]
fn every_route_of_the_sources_is_in_the_document() {
    let document = document();
    let documented: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let path = path.strip_prefix("/api/v1").unwrap_or(path).to_owned();
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(move |m| format!("{m} {path}"))
        })
        .collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api");
    let mut declared = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(
            !text.contains(".route(\"/api/v1"),
            "declare API routes with utoipa::path"
        );
        for part in text.split("#[utoipa::path(").skip(1) {
            let method = part
                .trim_start()
                .split(',')
                .next()
                .unwrap()
                .trim()
                .to_owned();
            let path = part
                .split("path = \"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            declared.insert(format!("{method} {path}"));
        }
    }
    assert_eq!(declared, documented);
}

#[tokio::test]
async fn the_served_document_is_the_printed_one() {
    let database = testkit::sqlite();
    let app = App::new(&database).await;
    let served = app.get("/api/openapi.json").await;
    assert_eq!(served.json(), document());
    // Each documented path is served: without a key it is 401, never 404.
    for (path, methods) in document()["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "0190f3c8-7e1c-7000-8000-000000000000");
        for method in methods.as_object().unwrap().keys() {
            let request = axum::http::Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(&path)
                .body(axum::body::Body::empty())
                .unwrap();
            let answer = crate::support::send(&app.router, request).await;
            assert_eq!(answer.status.as_u16(), 401, "{method} {path}");
        }
    }
}

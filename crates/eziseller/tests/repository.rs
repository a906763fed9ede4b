//! Rules of the repository itself: who may know whom, and what every file owes its reader.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate of ours and the crates of ours that it may use (ARCHITECTURE.md says why).
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("parser", &["domain"]),
    ("meta", &[]),
    ("store", &["domain"]),
    ("sandbox", &["meta"]),
    ("engine", &["domain", "parser", "meta", "store"]),
    ("web", &["domain", "meta", "store", "engine"]),
    (
        "eziseller",
        &[
            "domain", "parser", "meta", "store", "sandbox", "engine", "web",
        ],
    ),
    ("testkit", &[]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn dependencies(krate: &str) -> BTreeSet<String> {
    let path = root().join("crates").join(krate).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let manifest: toml::Table = text.parse().unwrap();
    manifest["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .cloned()
        .collect()
}

#[test]
fn crates_know_only_whom_they_may() {
    let ours: BTreeSet<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = MAY_KNOW
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(ours, listed, "list every crate in MAY_KNOW");
    for (krate, allowed) in MAY_KNOW {
        for dependency in dependencies(krate).intersection(&ours) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "`{krate}` may not know `{dependency}`: see ARCHITECTURE.md"
            );
        }
    }
}

#[test]
fn only_the_store_speaks_sql() {
    for (krate, _) in MAY_KNOW {
        if !matches!(*krate, "store" | "testkit") {
            assert!(
                !dependencies(krate).contains("sqlx"),
                "`{krate}` must go through `store`"
            );
        }
    }
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let mut files = Vec::new();
    for (krate, _) in MAY_KNOW {
        rust_files(&root().join("crates").join(krate).join("src"), &mut files);
    }
    assert!(files.len() > 30, "found only {} files", files.len());
    let silent: Vec<_> = files
        .iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "no `//!` head: {silent:#?}");
}

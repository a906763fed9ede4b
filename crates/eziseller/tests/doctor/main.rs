//! The doctor against faults that are really there: each row breaks a setting, the database, a clock,
//! the seller's account or Meta itself, and the doctor must name just that, with what says so and
//! what helps; and fall silent once it is mended.

#![allow(clippy::unwrap_used)]

mod faults;
mod world;

use std::collections::BTreeSet;

use engine::doctor::Finding;
use faults::{Fault, faults};
use futures_util::StreamExt;
use testkit::TestDatabase;
use world::World;

/// Worlds that are open at once.
const AT_ONCE: usize = 4;

/// Runs a row; what is not as it should be.
async fn run(fault: &Fault, database: TestDatabase) -> Vec<String> {
    let mut world = World::open(database, fault.login).await;
    let mut wrong = Vec::new();
    let mut check = |when: &str, found: Vec<Finding>, expected: &[&str]| {
        let names: BTreeSet<&str> = found.iter().map(|finding| finding.check).collect();
        if names != expected.iter().copied().collect() {
            wrong.push(format!(
                "{}: {when}: expected {expected:?}, found {found:#?}",
                fault.name
            ));
        }
        let cause = found.iter().find(|f| Some(&f.check) == expected.first());
        if let Some(cause) = cause {
            for (what, text, part) in [
                ("evidence", &cause.evidence, fault.evidence),
                ("remedy", &cause.remedy, fault.remedy),
            ] {
                if !text.contains(part) {
                    wrong.push(format!("{}: its {what} is `{text}`", fault.name));
                }
            }
        }
    };
    check("before", world.findings().await, &[]);
    (fault.inject)(&mut world).await;
    check("broken", world.findings().await, fault.expected);
    (fault.mend)(&mut world).await;
    check("mended", world.findings().await, &[]);
    wrong
}

async fn run_all(database: impl AsyncFn() -> TestDatabase) {
    let only = std::env::var("EZISELLER_FAULT").unwrap_or_default();
    let faults: Vec<Fault> = faults()
        .into_iter()
        .filter(|fault| fault.name.contains(&only))
        .collect();
    let runs = faults.iter().map(|fault| async {
        let database = database().await;
        run(fault, database).await
    });
    let wrong: Vec<Vec<String>> = futures_util::stream::iter(runs)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// `EZISELLER_FAULT=words` runs only the rows whose name contains the words.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_every_fault_and_nothing_else_on_sqlite() {
    run_all(async || testkit::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_every_fault_and_nothing_else_on_postgres() {
    run_all(async || testkit::postgres().await).await;
}

#[test]
fn every_rule_has_a_row() {
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../engine/src/doctor/rules.rs");
    let rules = std::fs::read_to_string(rules).unwrap();
    let names = rules.split("f.add(").skip(1).filter_map(|rest| {
        let name = rest.trim_start().strip_prefix('"')?;
        name.split('"').next()
    });
    let names: BTreeSet<&str> = names.collect();
    assert!(names.len() > 35, "{names:?}");
    let shown: BTreeSet<&str> = faults().iter().map(|fault| fault.expected[0]).collect();
    let untried: Vec<_> = names.difference(&shown).collect();
    assert!(untried.is_empty(), "no fault is injected for {untried:?}");
}

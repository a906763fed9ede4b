//! `eziseller doctor`: what is wrong, and what to do about it.

use std::process::ExitCode;

use anyhow::Result;
use engine::doctor::{Finding, Severity};

use crate::cli::DoctorArgs;
use crate::shell;

/// Prints the findings; exits 1 when one is an error.
pub(crate) fn run(args: &DoctorArgs) -> Result<ExitCode> {
    shell::run(async {
        let engine = shell::open_engine_without_secrets(&args.database.database_url).await?;
        let seller = match &args.seller {
            Some(text) => Some(shell::seller(engine.store(), text).await?),
            None => None,
        };
        let findings = engine.doctor(seller).await?;
        if args.json {
            println!("{}", serde_json::to_string_pretty(&findings)?);
        } else {
            findings.iter().for_each(print);
            match findings.len() {
                0 => println!("Everything is well."),
                n => println!("{n} findings."),
            }
        }
        let broken = findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        Ok(if broken {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    })
}

fn print(finding: &Finding) {
    let word = match finding.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Notice => "NOTICE",
    };
    let of = finding
        .account
        .as_deref()
        .map(|account| format!(" ({account})"))
        .unwrap_or_default();
    println!("{word}{of}: {}  [{}]", finding.finding, finding.check);
    if !finding.evidence.is_empty() {
        println!("    seen:   {}", finding.evidence);
    }
    println!("    remedy: {}\n", finding.remedy);
}

//! `eziseller parse`: JSON lines of messages in, JSON lines of readings out.

use std::io::{self, BufRead, BufWriter, Write};

use anyhow::{Context, Result, bail};
use domain::catalog::file;
use domain::reading::{Contact, Intent, OrderLine, Reading, Standing};
use parser::{Index, Locale};
use serde::{Deserialize, Serialize};

use crate::cli::ParseArgs;

#[derive(Deserialize)]
struct Input {
    id: serde_json::Value,
    text: Option<String>,
    messages: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Output<'a> {
    id: &'a serde_json::Value,
    intent: Intent,
    lines: Vec<OutputLine>,
    customer: Customer,
    confidence: f32,
}

#[derive(Serialize)]
struct OutputLine {
    #[serde(flatten)]
    line: OrderLine,
    confidence: f32,
}

#[derive(Default, Serialize)]
struct Customer {
    phone: Option<String>,
    email: Option<String>,
    name: Option<String>,
    address: Option<String>,
}

impl Customer {
    /// Takes over what a later message gives: the last one said holds.
    fn learn(&mut self, contact: &Contact) {
        let Contact {
            phone,
            email,
            name,
            address,
        } = contact;
        for (known, found) in [
            (&mut self.phone, phone),
            (&mut self.email, email),
            (&mut self.name, name),
            (&mut self.address, address),
        ] {
            if let Some(found) = found {
                *known = Some(found.value.clone());
            }
        }
    }
}

pub(crate) fn run(args: &ParseArgs) -> Result<()> {
    let index = load_index(args)?;
    let stdin = io::stdin().lock();
    let mut out = BufWriter::new(io::stdout().lock());
    for (i, line) in stdin.lines().enumerate() {
        let line = line.with_context(|| format!("line {} of the input is not UTF-8", i + 1))?;
        if line.trim().is_empty() {
            continue;
        }
        let input: Input = serde_json::from_str(&line).with_context(|| {
            format!(
                "line {} of the input is not {{\"id\",\"text\"}} or {{\"id\",\"messages\"}}",
                i + 1
            )
        })?;
        let messages = match (input.messages, input.text) {
            (Some(messages), _) => messages,
            (None, Some(text)) => vec![text],
            (None, None) => bail!("line {} of the input has neither text nor messages", i + 1),
        };
        if args.explain {
            explain(&index, &messages, &mut out)?;
        } else {
            serde_json::to_writer(&mut out, &read_conversation(&index, &input.id, &messages))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(())
}

fn load_index(args: &ParseArgs) -> Result<Index> {
    let path = args.catalog.display();
    let text = std::fs::read_to_string(&args.catalog)
        .with_context(|| format!("cannot read the catalog `{path}`; check the path"))?;
    let catalog = file::parse(&text, None).with_context(|| format!("`{path}` is no catalog"))?;
    for rejected in &catalog.rejected {
        eprintln!(
            "product {} of {path} left out: {}",
            rejected.position, rejected.reason
        );
    }
    let country = args.country.clone().or(catalog.country);
    let locale = Locale {
        country,
        currency: Some(catalog.currency),
    };
    Ok(Index::build(&catalog.products, locale))
}

fn read_conversation<'a>(
    index: &Index,
    id: &'a serde_json::Value,
    messages: &[String],
) -> Output<'a> {
    let mut standing = Standing::default();
    let mut customer = Customer::default();
    let mut confidences: Vec<(OrderLine, f32)> = Vec::new();
    let mut last = Reading::nothing();
    for message in messages {
        last = parser::read(index, message, &standing);
        customer.learn(&last.contact);
        confidences.extend(
            last.read_lines()
                .map(|read| (read.line.clone(), read.confidence)),
        );
        standing = last.apply(&standing);
    }
    let lines = standing
        .lines
        .into_iter()
        .map(|line| {
            // Merged lines are as sure as the least sure message that made them.
            let confidence = confidences
                .iter()
                .filter(|(read, _)| read.product == line.product && read.options == line.options)
                .map(|(_, confidence)| *confidence)
                .fold(f32::NAN, f32::min);
            OutputLine {
                confidence: if confidence.is_nan() {
                    last.confidence
                } else {
                    confidence
                },
                line,
            }
        })
        .collect();
    Output {
        id,
        intent: last.intent,
        lines,
        customer,
        confidence: last.confidence,
    }
}

fn explain(index: &Index, messages: &[String], out: &mut impl Write) -> Result<()> {
    let mut standing = Standing::default();
    for message in messages {
        let explanation = parser::explain(index, message, &standing);
        writeln!(out, "{explanation}")?;
        standing = parser::read(index, message, &standing).apply(&standing);
    }
    Ok(())
}

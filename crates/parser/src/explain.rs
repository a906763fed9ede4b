//! What each stage made of a message, for a person to read.

use std::fmt::{self, Write as _};

use domain::reading::{Change, Doubt, Reading, Standing};

use crate::index::Index;
use crate::pieces;
use crate::{Seen, stages};

/// Why a message was read as it was. `Display` prints each stage's result for a person.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Each stage's name and result, in order.
    pub stages: Vec<(&'static str, String)>,
    /// What came of it.
    pub reading: Reading,
}

/// Reads one message as [`crate::read`] does and keeps what each stage made of it.
#[must_use]
pub fn explain(index: &Index, text: &str, standing: &Standing) -> Explanation {
    let mut seen_stages = Vec::new();
    let reading = stages(index, text, standing, &mut |seen| {
        seen_stages.push(describe(index, text, &seen));
    });
    Explanation {
        stages: seen_stages,
        reading,
    }
}

fn describe(index: &Index, text: &str, seen: &Seen<'_>) -> (&'static str, String) {
    let mut out = String::new();
    let name = |item: u32| index.items[item as usize].id.as_str();
    let stage = match seen {
        Seen::Tokens(tokens) => {
            for i in 0..tokens.len() {
                let _ = write!(out, "{} ", tokens.form(i).escape_debug());
            }
            "tokens"
        }
        Seen::Tags(tokens, tags) => {
            let _ = writeln!(out, "language: {}", tags.language_code());
            for tag in &tags.list {
                let span = tokens.span(tag.from, tag.to - 1);
                let _ = writeln!(
                    out,
                    "{}: {}",
                    &text[span.start as usize..span.end as usize],
                    tag.cats
                );
            }
            "tags"
        }
        Seen::Mentions(tokens, mentions) => {
            for mention in *mentions {
                let span = tokens.span(mention.from, mention.to - 1);
                let _ = write!(out, "{}:", &text[span.start as usize..span.end as usize]);
                for fit in &mention.products {
                    let _ = write!(
                        out,
                        " {}{}({:.2})",
                        name(fit.id),
                        if fit.full { "!" } else { "" },
                        fit.score
                    );
                }
                for fit in &mention.values {
                    let value = &index.values[fit.id as usize];
                    let _ = write!(
                        out,
                        " {}={}{}({:.2})",
                        value.option,
                        value.text,
                        if fit.full { "!" } else { "" },
                        fit.score
                    );
                }
                out.push_str(if mention.contradicted {
                    " contradicted\n"
                } else {
                    "\n"
                });
            }
            "mentions"
        }
        Seen::Pieces(tokens, list) => {
            out = pieces::describe(list, tokens, text);
            "pieces"
        }
        Seen::Sentences(sentences) => {
            for sentence in *sentences {
                let _ = writeln!(
                    out,
                    "{:?} ({} of the catalogue, {} not): {}",
                    sentence.mode, sentence.told, sentence.untold, sentence.cats
                );
            }
            "sentences"
        }
        Seen::Drafts(tokens, lines) => {
            for draft in &lines.drafts {
                let span = tokens.span(draft.from, draft.to.max(draft.from + 1) - 1);
                let _ = writeln!(
                    out,
                    "{:?}: {:?} of {} products, {} choices, {} more combinations{}{}{}{}",
                    &text[span.start as usize..span.end as usize],
                    draft.quantity,
                    draft.products.len(),
                    draft.picks.len(),
                    draft.variants.len(),
                    if draft.negated { ", not wanted" } else { "" },
                    if draft.more { ", more" } else { "" },
                    if draft.same { ", same" } else { "" },
                    draft.each.map_or(String::new(), |n| format!(", {n} each")),
                );
            }
            "drafts"
        }
        Seen::Lines(lines) => {
            for line in *lines {
                let items: Vec<&str> = line.items.iter().take(10).map(|i| name(*i)).collect();
                let options: Vec<String> = line
                    .options
                    .iter()
                    .map(|o| format!("{}={}", o.name, o.value))
                    .collect();
                let _ = writeln!(
                    out,
                    "{:?} x {} [{}]",
                    line.quantity,
                    items.join(" or "),
                    options.join(", ")
                );
            }
            "lines"
        }
    };
    (stage, out)
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (stage, result) in &self.stages {
            writeln!(f, "{stage}")?;
            for line in result.lines() {
                writeln!(f, "  {line}")?;
            }
        }
        let reading = &self.reading;
        writeln!(f, "reading")?;
        writeln!(
            f,
            "  intent: {} ({:.2}), language: {}",
            reading.intent.as_str(),
            reading.intent_confidence,
            reading.language
        )?;
        for change in &reading.changes {
            match change {
                Change::Add { line } => writeln!(
                    f,
                    "  add {} x {} {} ({:.2})",
                    line.line.quantity,
                    line.line.product,
                    options(&line.line.options),
                    line.confidence
                )?,
                Change::Replace { index, line } => writeln!(
                    f,
                    "  line {index} becomes {} x {} {} ({:.2})",
                    line.line.quantity,
                    line.line.product,
                    options(&line.line.options),
                    line.confidence
                )?,
                Change::Remove { index, .. } => writeln!(f, "  line {index} is dropped")?,
                Change::Clear => writeln!(f, "  every line is dropped")?,
            }
        }
        for doubt in &reading.doubts {
            match doubt {
                Doubt::AmbiguousProduct {
                    words, candidates, ..
                } => writeln!(f, "  {words:?} may be any of {} products", candidates.len())?,
                Doubt::UnknownProduct { words, .. } => {
                    writeln!(f, "  {words:?} is not in the catalogue")?;
                }
                Doubt::UnclearOption { words, option, .. } => {
                    writeln!(f, "  {words:?} is unclear for {option}")?;
                }
            }
        }
        Ok(())
    }
}

fn options(options: &[domain::reading::OptionChoice]) -> String {
    let list: Vec<String> = options
        .iter()
        .map(|o| {
            let not = if o.negated { "no " } else { "" };
            let amount = o.amount.map_or(String::new(), |a| format!(" {a:?}"));
            let count = if o.count > 1 {
                format!(" x{}", o.count)
            } else {
                String::new()
            };
            format!("{not}{}={}{amount}{count}", o.name, o.value)
        })
        .collect();
    format!("[{}]", list.join(", "))
}

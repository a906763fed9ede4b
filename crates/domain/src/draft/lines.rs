//! Changes applied to the lines of a draft order, with every line's origin kept.

use super::{DraftLine, Origin};
use crate::reading::{Change, ReadLine};

/// As [`crate::reading::apply_changes`], with every line's origin kept.
#[must_use]
pub fn noted(lines: &[DraftLine], changes: &[Change], origin: &Origin) -> Vec<DraftLine> {
    let mut slots: Vec<Option<DraftLine>> = lines.iter().cloned().map(Some).collect();
    let mut added = Vec::new();
    for change in changes {
        match change {
            Change::Add { line } => added.push(fresh_line(line, origin.clone())),
            Change::Replace { index, line } => {
                if let Some(slot) = slots.get_mut(*index) {
                    let before = slot.take();
                    *slot = Some(replaced(before, line, origin));
                }
            }
            Change::Remove { index, .. } => {
                if let Some(slot) = slots.get_mut(*index) {
                    *slot = None;
                }
            }
            Change::Clear => {
                slots.fill(None);
                added.clear();
            }
        }
    }
    merged(slots.into_iter().flatten().chain(added))
}

fn fresh_line(read: &ReadLine, added_by: Origin) -> DraftLine {
    DraftLine {
        line: read.line.clone(),
        confidence: read.confidence,
        missing: read.missing.clone(),
        added_by,
        changed_by: Vec::new(),
        title: String::new(),
        unit_price: None,
    }
}

fn replaced(before: Option<DraftLine>, read: &ReadLine, origin: &Origin) -> DraftLine {
    let mut line = fresh_line(read, origin.clone());
    if let Some(before) = before {
        line.added_by = before.added_by;
        line.changed_by = before.changed_by;
        remember(&mut line, origin.clone());
    }
    line
}

fn remember(line: &mut DraftLine, origin: Origin) {
    if line.added_by != origin && !line.changed_by.contains(&origin) {
        line.changed_by.push(origin);
    }
}

fn merged(lines: impl Iterator<Item = DraftLine>) -> Vec<DraftLine> {
    let mut merged: Vec<DraftLine> = Vec::new();
    for mut line in lines {
        line.line.options.sort();
        let twin = merged
            .iter_mut()
            .find(|l| l.line.product == line.line.product && l.line.options == line.line.options);
        match twin {
            Some(twin) => {
                twin.line.quantity = twin.line.quantity.saturating_add(line.line.quantity);
                twin.confidence = twin.confidence.min(line.confidence);
                remember(twin, line.added_by);
                for origin in line.changed_by {
                    remember(twin, origin);
                }
            }
            None => merged.push(line),
        }
    }
    merged
}

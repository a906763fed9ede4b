//! One row of a table by column name, and the readings of a cell that all formats share.

use std::collections::HashMap;
use std::sync::Arc;

use domain::catalog::{Availability, Condition, RetailerId};
use domain::{Currency, Money, Timestamp};

use super::Rejected;

/// The columns of a file, by lower-cased name.
#[derive(Debug)]
pub(super) struct Columns {
    index: Arc<HashMap<String, usize>>,
}

impl Columns {
    pub(super) fn from_header(header: &csv::ByteRecord) -> Self {
        let mut index = HashMap::new();
        for (i, name) in header.iter().enumerate() {
            let name = String::from_utf8_lossy(name)
                .trim()
                .trim_start_matches('\u{feff}')
                .to_lowercase();
            index.entry(name).or_insert(i);
        }
        Self {
            index: Arc::new(index),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .index
            .iter()
            .map(|(name, i)| (*i, name.clone()))
            .collect();
        names.sort();
        names.into_iter().map(|(_, name)| name).collect()
    }

    pub(super) fn row(&self, record: &csv::ByteRecord, line: u64) -> Result<Row, Rejected> {
        let mut cells = Vec::with_capacity(record.len());
        for cell in record {
            let text = std::str::from_utf8(cell).map_err(|_| Rejected {
                line,
                retailer_id: None,
                reason: "the row is not UTF-8; save the file as UTF-8".to_owned(),
            })?;
            cells.push(text.trim().to_owned());
        }
        Ok(Row {
            line,
            cells,
            index: Arc::clone(&self.index),
        })
    }
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// The line it begins on, from 1.
    pub(super) line: u64,
    cells: Vec<String>,
    index: Arc<HashMap<String, usize>>,
}

impl Row {
    /// The cell under `name`; `None` when the column is missing or the cell is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let cell = self.cells.get(*self.index.get(name)?)?;
        (!cell.is_empty()).then_some(cell.as_str())
    }

    /// The first of several columns that holds something.
    pub(super) fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The columns whose name begins with `prefix`, with what follows it, in the file's order.
    pub(super) fn starting(&self, prefix: &str) -> Vec<(String, &str)> {
        let mut found: Vec<_> = self
            .index
            .iter()
            .filter_map(|(name, i)| Some((*i, name.strip_prefix(prefix)?, self.cells.get(*i)?)))
            .filter(|(_, _, cell)| !cell.is_empty())
            .collect();
        found.sort();
        found
            .into_iter()
            .map(|(_, rest, cell)| (rest.to_owned(), cell.as_str()))
            .collect()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(String::is_empty)
    }

    /// This row rejected for `reason`.
    pub(super) fn reject(&self, retailer_id: Option<&str>, reason: impl Into<String>) -> Rejected {
        Rejected {
            line: self.line,
            retailer_id: retailer_id.map(str::to_owned),
            reason: reason.into(),
        }
    }

    pub(super) fn retailer_id(&self, text: &str) -> Result<RetailerId, Rejected> {
        RetailerId::parse(text).map_err(|e| self.reject(Some(text), e.to_string()))
    }

    pub(super) fn title(&self, id: &str, column: &str) -> Result<String, Rejected> {
        self.get(column).map(str::to_owned).ok_or_else(|| {
            self.reject(
                Some(id),
                format!("{column} is empty; give the product a name"),
            )
        })
    }

    /// An amount of the seller's currency, as `12.50`, `12.50 INR` or `INR 12.50`.
    pub(super) fn money(
        &self,
        id: &str,
        text: &str,
        currency: Currency,
    ) -> Result<Money, Rejected> {
        let mut amount = text.trim();
        for part in text.split_whitespace() {
            if part.len() == 3 && part.bytes().all(|b| b.is_ascii_alphabetic()) {
                if !part.eq_ignore_ascii_case(currency.code()) {
                    return Err(self.reject(
                        Some(id),
                        format!("the price `{text}` is not in the shop's currency {currency}"),
                    ));
                }
            } else {
                amount = part;
            }
        }
        let money = Money::parse(amount, currency)
            .map_err(|e| self.reject(Some(id), format!("price: {e}")))?;
        if money.minor < 0 {
            return Err(self.reject(Some(id), format!("the price `{text}` is negative")));
        }
        Ok(money)
    }

    /// A whole number of units.
    pub(super) fn stock(&self, id: &str, text: &str) -> Result<i64, Rejected> {
        let whole = text.strip_suffix(".0").unwrap_or(text);
        whole
            .parse()
            .map_err(|_| self.reject(Some(id), format!("stock `{text}` is not a whole number")))
    }

    pub(super) fn availability(&self, id: &str, text: &str) -> Result<Availability, Rejected> {
        Availability::parse(text).ok_or_else(|| {
            self.reject(
                Some(id),
                format!("availability `{text}` is none of: in stock, out of stock, available for order, discontinued"),
            )
        })
    }

    pub(super) fn condition(&self, id: &str, text: &str) -> Result<Condition, Rejected> {
        match text.to_lowercase().as_str() {
            "new" => Ok(Condition::New),
            "refurbished" => Ok(Condition::Refurbished),
            "used" | "used_like_new" | "used_good" | "used_fair" => Ok(Condition::Used),
            _ => Err(self.reject(
                Some(id),
                format!("condition `{text}` is none of: new, refurbished, used"),
            )),
        }
    }

    pub(super) fn time(&self, id: &str, text: &str) -> Result<Timestamp, Rejected> {
        // Feeds write minutes without seconds and zones without a colon; a bare date is its midnight.
        let mut full = text.trim().to_owned();
        if full.len() == 10 {
            full.push_str("T00:00:00Z");
        }
        Timestamp::parse_rfc3339(&full)
            .or_else(|| Timestamp::parse_rfc3339(&full.replacen(' ', "T", 1)))
            .or_else(|| Timestamp::parse_rfc3339(&format!("{}Z", full.replacen(' ', "T", 1))))
            .or_else(|| {
                let (head, zone) = full.split_at_checked(16)?;
                let zone = match zone {
                    "" | "Z" => "Z".to_owned(),
                    z if z.len() == 5 => format!("{}:{}", &z[..3], &z[3..]),
                    z => z.to_owned(),
                };
                Timestamp::parse_rfc3339(&format!("{head}:00{zone}"))
            })
            .ok_or_else(|| {
                self.reject(
                    Some(id),
                    format!("`{text}` is no time; write 2026-11-30T18:00:00Z"),
                )
            })
    }
}

/// `a|b|c` as trimmed, non-empty parts.
pub(super) fn list(text: &str, separator: char) -> Vec<String> {
    text.split(separator)
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The text of simple HTML: tags dropped, blocks and breaks as new lines, common entities decoded.
pub(super) fn text_of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('<') {
            let end = rest.find('>').map_or(rest.len(), |i| i + 1);
            let tag = rest[1..end].trim_start_matches('/').to_ascii_lowercase();
            if ["br", "p", "li", "div", "h", "tr"]
                .iter()
                .any(|block| tag.starts_with(block))
            {
                text.push('\n');
            }
            rest = &rest[end..];
        } else {
            const ENTITIES: [(&str, char); 7] = [
                ("&amp;", '&'),
                ("&lt;", '<'),
                ("&gt;", '>'),
                ("&quot;", '"'),
                ("&#39;", '\''),
                ("&nbsp;", ' '),
                ("&rsquo;", '\u{2019}'),
            ];
            match ENTITIES.iter().find(|(name, _)| rest.starts_with(name)) {
                Some((name, character)) => {
                    text.push(*character);
                    rest = &rest[name.len()..];
                }
                None => {
                    text.push('&');
                    rest = &rest[1..];
                }
            }
        }
    }
    text.push_str(rest);
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

pub(super) fn io_error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

pub(super) fn rejected_record(error: &csv::Error, line: u64) -> Rejected {
    let line = error.position().map_or(line, csv::Position::line);
    Rejected {
        line,
        retailer_id: None,
        reason: format!("the row cannot be read: {error}"),
    }
}

//! Turns `languages/*.toml` into a table that is compiled in. `LANGUAGES.md` describes the format; a
//! key that does not exist stops the build with the file and line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// The tables of a file whose keys are values and whose entries are words.
const TABLES: [(&str, &str); 8] = [
    ("numbers", "Number"),
    ("multiples", "Multiple"),
    ("counts", "Count"),
    ("units", "Unit"),
    ("colors", "Concept"),
    ("sizes", "Concept"),
    ("goods", "Concept"),
    ("synonyms", "Concept"),
];

/// The keys of `[words]` and the category each stands for.
const WORDS: [(&str, &str); 49] = [
    ("article", "Article"),
    ("order", "Order"),
    ("question", "Question"),
    ("maybe_question", "MaybeQuestion"),
    ("info", "Info"),
    ("yes", "Yes"),
    ("confirm", "Confirm"),
    ("cancel", "Cancel"),
    ("remove", "Remove"),
    ("reduce", "Reduce"),
    ("negation", "Negation"),
    ("negation_after", "NegationAfter"),
    ("extra", "Extra"),
    ("light", "Light"),
    ("each", "Each"),
    ("both", "Both"),
    ("all", "All"),
    ("same", "Same"),
    ("more", "More"),
    ("also", "Also"),
    ("instead", "Instead"),
    ("change", "Change"),
    ("correction", "Correction"),
    ("and", "And"),
    ("or", "Or"),
    ("but", "But"),
    ("with", "With"),
    ("this", "This"),
    ("one", "One"),
    ("greeting", "Greeting"),
    ("thanks", "Thanks"),
    ("polite", "Polite"),
    ("filler", "Filler"),
    ("common", "Common"),
    ("past", "Past"),
    ("complaint", "Complaint"),
    ("later", "Later"),
    ("if", "If"),
    ("spam", "Spam"),
    ("date", "Date"),
    ("time", "Time"),
    ("number_label", "NumberLabel"),
    ("people", "People"),
    ("money", "Money"),
    ("price_of", "PriceOf"),
    ("attribute", "Attribute"),
    ("note", "Note"),
    ("standard", "Standard"),
    ("title_word", "TitleWord"),
];

/// Further keys of `[words]`, used for contact details.
const CONTACT: [(&str, &str); 5] = [
    ("name_cue", "NameCue"),
    ("phone_cue", "PhoneCue"),
    ("email_cue", "EmailCue"),
    ("address_cue", "AddressCue"),
    ("address_word", "AddressWord"),
];

/// The keys of `[contact]`, and the category of those that also tell the reader of orders that a word
/// is no product.
const CONTACT_TABLE: [(&str, Option<&str>); 22] = [
    ("name", Some("NameCue")),
    ("name_is", Some("NameCue")),
    ("name_maybe", None),
    ("name_end", None),
    ("sign_off", Some("NameCue")),
    ("honorific", Some("TitleWord")),
    ("not_name", None),
    ("phone", Some("PhoneCue")),
    ("not_phone", None),
    ("email", Some("EmailCue")),
    ("address", Some("AddressCue")),
    ("address_label", None),
    ("deliver", Some("AddressCue")),
    ("filler", None),
    ("street", Some("AddressWord")),
    ("street_first", Some("AddressWord")),
    ("street_maybe", None),
    ("unit", Some("AddressWord")),
    ("unit_maybe", None),
    ("place", Some("AddressWord")),
    ("landmark", Some("AddressWord")),
    ("end", None),
];

const UNITS: [&str; 15] = [
    "kg", "g", "lb", "oz", "l", "ml", "m", "cm", "mm", "inch", "ft", "yard", "piece", "pack",
    "pair",
];

fn main() {
    println!("cargo::rerun-if-changed=languages");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files: Vec<_> = fs::read_dir("languages")
        .expect("crates/parser/languages is there")
        .map(|entry| entry.expect("languages can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    // English first: it is language 0.
    files.sort_by_key(|path| (!path.ends_with("en.toml"), path.clone()));
    let mut out = Output::default();
    for (language, path) in files.iter().enumerate() {
        if let Err(problem) = out.add(language, path) {
            println!("cargo::error={}: {problem}", path.display());
            return;
        }
    }
    let target = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("lexicon.rs");
    let contact = format!("&[\n{}]", out.contact);
    fs::write(target.with_file_name("contact.rs"), contact).expect("OUT_DIR can be written");
    fs::write(target, out.finish()).expect("OUT_DIR can be written");
}

#[derive(Default)]
struct Output {
    languages: String,
    entries: String,
    suffixes: String,
    prefixes: String,
    contact: String,
    canons: BTreeMap<String, usize>,
}

impl Output {
    fn add(&mut self, language: usize, path: &Path) -> Result<(), String> {
        let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
        let file: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
        let at = |key: &str| {
            let line = text.lines().position(|l| {
                l.trim_start()
                    .trim_start_matches(['[', '"'])
                    .starts_with(key)
            });
            line.map_or(String::new(), |n| format!(" (line {})", n + 1))
        };
        let string = |key: &str| -> Result<String, String> {
            file.get(key)
                .and_then(|v| v.as_str())
                .map(str::to_owned)
                .ok_or_else(|| format!("`{key} = \"...\"` is missing at the top"))
        };
        let (name, code) = (string("name")?, string("code")?);
        let countries = match file.get("countries") {
            None => Vec::new(),
            Some(list) => strings(list, "countries", &at)?,
        };
        let _ = writeln!(
            self.languages,
            "Language {{ code: {code:?}, name: {name:?}, countries: &{countries:?} }},"
        );
        for (key, value) in &file {
            match key.as_str() {
                "name" | "code" | "countries" => {}
                "words" => self.words(language, value, &at)?,
                "contact" => self.contact(language, value, &at)?,
                "suffixes" => self.suffixes(language, value, &at)?,
                other => match TABLES.iter().find(|(table, _)| *table == other) {
                    Some((table, cat)) => self.table(language, table, cat, value, &at)?,
                    None => return Err(format!("there is no table `{other}`{}", at(other))),
                },
            }
        }
        Ok(())
    }

    fn words(
        &mut self,
        language: usize,
        value: &toml::Value,
        at: &dyn Fn(&str) -> String,
    ) -> Result<(), String> {
        let table = value.as_table().ok_or("`words` is no table")?;
        for (key, list) in table {
            let cat = WORDS
                .iter()
                .chain(&CONTACT)
                .find(|(word, _)| word == key)
                .ok_or_else(|| format!("`[words]` has no key `{key}`{}", at(key)))?
                .1;
            for phrase in strings(list, key, at)? {
                self.entry(language, cat, "0", &phrase);
            }
        }
        Ok(())
    }

    fn contact(
        &mut self,
        language: usize,
        value: &toml::Value,
        at: &dyn Fn(&str) -> String,
    ) -> Result<(), String> {
        for (key, list) in value.as_table().ok_or("`contact` is no table")? {
            let (key, cat) = CONTACT_TABLE
                .iter()
                .find(|(word, _)| word == key)
                .ok_or_else(|| format!("`[contact]` has no key `{key}`{}", at(key)))?;
            for phrase in strings(list, key, at)? {
                let _ = writeln!(self.contact, "({key:?}, {phrase:?}),");
                if let Some(cat) = cat {
                    self.entry(language, cat, "0", &phrase);
                }
            }
        }
        Ok(())
    }

    fn table(
        &mut self,
        language: usize,
        table: &str,
        cat: &str,
        value: &toml::Value,
        at: &dyn Fn(&str) -> String,
    ) -> Result<(), String> {
        let rows = value
            .as_table()
            .ok_or_else(|| format!("`{table}` is no table"))?;
        for (key, list) in rows {
            let payload = match cat {
                "Number" | "Multiple" | "Count" => {
                    let value: f64 = key.parse().map_err(|_| {
                        format!("`[{table}]` has the key `{key}`, no number{}", at(key))
                    })?;
                    // Thousandths, so that halves and quarters are exact.
                    format!("{}", (value * 1000.0).round() as u32)
                }
                "Unit" => UNITS
                    .iter()
                    .position(|unit| unit == key)
                    .ok_or_else(|| format!("`[units]` has no unit `{key}`{}", at(key)))?
                    .to_string(),
                _ => {
                    let next = self.canons.len();
                    self.canons
                        .entry(key.to_lowercase())
                        .or_insert(next)
                        .to_string()
                }
            };
            for phrase in strings(list, key, at)? {
                self.entry(language, cat, &payload, &phrase);
                if matches!(table, "colors" | "sizes") {
                    self.entry(language, "Color", "0", &phrase);
                }
            }
            if cat == "Concept" && language == 0 {
                self.entry(language, cat, &payload, key);
            }
        }
        Ok(())
    }

    fn suffixes(
        &mut self,
        language: usize,
        value: &toml::Value,
        at: &dyn Fn(&str) -> String,
    ) -> Result<(), String> {
        for (key, list) in value.as_table().ok_or("`suffixes` is no table")? {
            if key == "before" {
                for prefix in strings(list, key, at)? {
                    let _ = writeln!(self.prefixes, "{prefix:?},");
                }
                continue;
            }
            let counts = match key.as_str() {
                "strip" => false,
                "number" => true,
                _ => return Err(format!("`[suffixes]` has no key `{key}`{}", at(key))),
            };
            for suffix in strings(list, key, at)? {
                let _ = writeln!(
                    self.suffixes,
                    "Suffix {{ language: {language}, counts: {counts}, text: {suffix:?} }},"
                );
            }
        }
        Ok(())
    }

    fn entry(&mut self, language: usize, cat: &str, payload: &str, phrase: &str) {
        let _ = writeln!(
            self.entries,
            "({language}, Cat::{cat}, {payload}, {phrase:?}),"
        );
    }

    fn finish(&self) -> String {
        let mut canons = vec![""; self.canons.len()];
        for (text, place) in &self.canons {
            canons[*place] = text;
        }
        format!(
            "static LANGUAGES: &[Language] = &[\n{}];\n#[allow(clippy::unreadable_literal, reason = \"generated\")]\nstatic ENTRIES: &[(u8, Cat, u32, &str)] = &[\n{}];\n\
             static SUFFIXES: &[Suffix] = &[\n{}];\nstatic CANONS: &[&str] = &{canons:?};\n\
             static PREFIXES: &[&str] = &[\n{}];\n",
            self.languages, self.entries, self.suffixes, self.prefixes
        )
    }
}

fn strings(
    value: &toml::Value,
    key: &str,
    at: &dyn Fn(&str) -> String,
) -> Result<Vec<String>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("`{key}` should be a list of words in brackets{}", at(key)))?;
    list.iter()
        .map(|word| match word.as_str() {
            Some(word) if !word.trim().is_empty() => Ok(word.trim().to_owned()),
            _ => Err(format!("`{key}` has an entry that is no word{}", at(key))),
        })
        .collect()
}

//! The shop's settings on the dashboard, and the page of everything else.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use domain::order::totals::{Charges, Delivery, Tax};
use domain::policy::{Confirmation, Policy};
use domain::words::{Key, LANGUAGES, Words};
use domain::{Currency, Money, Timestamp};
use engine::ActionError;
use serde::Deserialize;
use store::{AccountState, ChannelAccount};

use super::draft_editor::basis_points;
use super::viewer::{PageResult, Posted, Viewer, go};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::{Note, Tone};
use crate::pages::settings_pages::{self, AccountView, SentenceView, SettingsForm};
use crate::present;
use crate::settings::policy_of;
use crate::state::AppState;

/// `GET /more`
pub(super) async fn more(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    let frame = viewer.frame(&state).await?;
    let body = settings_pages::more(&frame, viewer.member.is_owner(), viewer.member.admin);
    let page = Page {
        title: "More",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// `GET /settings`
pub(super) async fn settings(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    let seller = state.store().seller(viewer.member.seller).get().await?;
    let form = SettingsForm {
        values: values(&policy_of(&seller), seller.currency),
        errors: BTreeMap::new(),
    };
    show(&state, &viewer, StatusCode::OK, &form).await
}

async fn show(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    form: &SettingsForm,
) -> PageResult {
    let store = state.store().seller(viewer.member.seller);
    let currency = store.get().await?.currency;
    let accounts: Vec<AccountView> = store.accounts().await?.iter().map(account).collect();
    let frame = viewer.frame(state).await?;
    let owner = viewer.member.is_owner();
    let body = settings_pages::settings(&frame, form, currency.code(), &accounts, owner);
    let page = Page {
        title: "Settings",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

fn account(row: &ChannelAccount) -> AccountView {
    let handle = row.username.as_ref().map(|name| format!("@{name}"));
    AccountView {
        name: handle.unwrap_or_else(|| row.name.clone()),
        channel: present::channel_name(row.channel),
        state: match row.state {
            AccountState::Active if row.access_token.is_none() => {
                (Tone::Warn, "receives only: no access token".to_owned())
            }
            AccountState::Active => (Tone::Good, "connected".to_owned()),
            AccountState::NeedsReconnect => (Tone::Bad, "connect again".to_owned()),
            AccountState::Disconnected => (Tone::Bad, "disconnected".to_owned()),
        },
        reason: row.state_reason.clone(),
        last_event_at: row.last_event_at,
    }
}

fn values(policy: &Policy, currency: Currency) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut put = |name: &str, value: String| values.insert(name.to_owned(), value);
    let money = |minor: i64| Money::new(minor, currency).decimal();
    let share = |points: u32| {
        let text = format!("{}.{:02}", points / 100, points % 100);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    put("min_confidence", "95".into());
    put("max_total", money(0));
    match policy.confirmation {
        Confirmation::SellerConfirms => put("confirmation", "seller_confirms".into()),
        Confirmation::DraftOnly => put("confirmation", "draft_only".into()),
        Confirmation::AutoConfirm {
            min_confidence,
            max_total_minor,
        } => {
            put("min_confidence", format!("{:.0}", min_confidence * 100.0));
            put("max_total", money(max_total_minor));
            put("confirmation", "auto_confirm".into())
        }
    };
    for (name, on) in [
        ("require_phone", policy.require_phone),
        ("require_address", policy.require_address),
        ("require_name", policy.require_name),
        ("oversell", policy.oversell),
        ("human_agent", policy.human_agent),
        (
            "tax_inclusive",
            policy.charges.tax.is_some_and(|tax| tax.inclusive),
        ),
    ] {
        put(name, if on { "yes".into() } else { String::new() });
    }
    if let Some(delivery) = policy.charges.delivery {
        put("delivery_fee", money(delivery.fee_minor));
        put(
            "delivery_free_from",
            delivery.free_from_minor.map(money).unwrap_or_default(),
        );
    }
    put(
        "tax_rate",
        policy
            .charges
            .tax
            .map(|tax| share(tax.basis_points))
            .unwrap_or_default(),
    );
    put(
        "hand_over_hours",
        (policy.hand_over_ms / Timestamp::HOUR).to_string(),
    );
    values
}

/// The policy that the form describes, or the fields' errors.
fn read(form: &mut SettingsForm, before: &Policy, currency: Currency) -> Option<Policy> {
    let mut errors = BTreeMap::new();
    let is_on = |name: &str| form.value(name) == "yes";
    let mut amount = |name: &str| {
        let text = form.value(name).trim();
        if text.is_empty() {
            return None;
        }
        match Money::parse(text, currency) {
            Ok(money) if money.minor >= 0 => return Some(money.minor),
            Ok(_) => errors.insert(name.to_owned(), "not below zero".to_owned()),
            Err(e) => errors.insert(name.to_owned(), e.to_string()),
        };
        None
    };
    let (fee, free_from, max_total) = (
        amount("delivery_fee"),
        amount("delivery_free_from"),
        amount("max_total"),
    );
    let tax_rate = form.value("tax_rate").trim();
    let tax = (!tax_rate.is_empty())
        .then(|| basis_points(tax_rate))
        .transpose();
    let tax = match tax {
        Ok(points) => points.map(|basis_points| Tax {
            basis_points,
            inclusive: is_on("tax_inclusive"),
        }),
        Err(why) => {
            errors.insert("tax_rate".to_owned(), why);
            None
        }
    };
    let mut number = |name: &str, least: i64, most: i64| {
        let parsed = form.value(name).trim().parse::<i64>().ok();
        let fits = parsed.filter(|n| (least..=most).contains(n));
        if fits.is_none() {
            errors.insert(
                name.to_owned(),
                format!("a whole number from {least} to {most}"),
            );
        }
        fits.unwrap_or(least)
    };
    let hours = number("hand_over_hours", 1, 24 * 60);
    let confirmation = match form.value("confirmation") {
        "auto_confirm" => Confirmation::AutoConfirm {
            min_confidence: number("min_confidence", 50, 100) as f32 / 100.0,
            max_total_minor: max_total.unwrap_or(0),
        },
        "draft_only" => Confirmation::DraftOnly,
        _ => Confirmation::SellerConfirms,
    };
    let policy = Policy {
        confirmation,
        require_phone: is_on("require_phone"),
        require_address: is_on("require_address"),
        require_name: is_on("require_name"),
        oversell: is_on("oversell"),
        human_agent: is_on("human_agent"),
        charges: Charges {
            discount: before.charges.discount,
            delivery: fee.map(|fee_minor| Delivery {
                fee_minor,
                free_from_minor: free_from,
            }),
            tax,
        },
        hand_over_ms: hours * Timestamp::HOUR,
        ..before.clone()
    };
    let fine = errors.is_empty();
    form.errors = errors;
    fine.then_some(policy)
}

/// `POST /settings`
pub(super) async fn save(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.must_own()?;
    let seller = state.store().seller(posted.member.seller).get().await?;
    let mut form = SettingsForm {
        values: posted.fields.map(),
        errors: BTreeMap::new(),
    };
    if let Some(policy) = read(&mut form, &policy_of(&seller), seller.currency) {
        match state.engine().set_policy(seller.id, &policy).await {
            Ok(_) => {
                return Ok(go(
                    &state,
                    "/settings",
                    &Note::good("Saved. New messages follow it from now on."),
                ));
            }
            Err(ActionError::Invalid { field, problem }) => {
                form.errors.insert(field.to_owned(), problem);
            }
            Err(error) => return Err(error.into()),
        }
    }
    show(
        &state,
        &posted.viewer(),
        StatusCode::UNPROCESSABLE_ENTITY,
        &form,
    )
    .await
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WordsQuery {
    #[serde(default)]
    language: String,
}

/// Each language in its own words.
const LANGUAGE_NAMES: &[(&str, &str)] = &[
    ("en", "English"),
    ("hi", "हिन्दी"),
    ("si", "සිංහල"),
    ("ta", "தமிழ்"),
    ("tl", "Filipino"),
    ("id", "Indonesia"),
    ("ms", "Melayu"),
    ("es", "Español"),
    ("pt", "Português"),
    ("fr", "Français"),
    ("ar", "العربية"),
    ("sw", "Kiswahili"),
    ("pcm", "Naijá"),
    ("ur", "اردو"),
    ("bn", "বাংলা"),
    ("hi-Latn", "Hinglish"),
    ("si-Latn", "Singlish"),
    ("ta-Latn", "Tanglish"),
];

/// The language of the list that was asked for, else the seller's, else English.
fn language<'a>(asked: &'a str, sellers: &'a str) -> &'a str {
    [asked, sellers]
        .into_iter()
        .find(|l| LANGUAGES.contains(l))
        .unwrap_or("en")
}

/// `GET /settings/words`
pub(super) async fn words(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<WordsQuery>,
) -> PageResult {
    show_words(
        &state,
        &viewer,
        StatusCode::OK,
        &query.language,
        &BTreeMap::new(),
    )
    .await
}

/// `refused`: what was typed for a key, and why it is not taken.
async fn show_words(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    asked: &str,
    refused: &BTreeMap<String, (String, String)>,
) -> PageResult {
    let store = state.store().seller(viewer.member.seller);
    let sellers = store.get().await?.language;
    let language = language(asked, &sellers);
    let own = store.words().await?;
    let defaults = Words::default();
    let romanized = language.ends_with("-Latn");
    let voice = defaults.voice(Some(language.trim_end_matches("-Latn")), romanized, "en");
    let sentences: Vec<SentenceView> = Key::ALL
        .iter()
        .map(|key| {
            // A sentence whose variables stand for themselves reads like its own pattern.
            let shown: Vec<(&'static str, String)> = key
                .variables()
                .iter()
                .map(|name| (*name, format!("{{ ${name} }}")))
                .collect();
            let shown: Vec<(&'static str, &str)> = shown
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
                .collect();
            let kept = own
                .iter()
                .find(|(l, k, _)| l == language && k == key.as_str());
            let typed = refused.get(key.as_str());
            SentenceView {
                key: key.as_str().to_owned(),
                default: voice.say(*key, &shown),
                own: typed
                    .map(|(text, _)| text.clone())
                    .or_else(|| kept.map(|(.., text)| text.clone())),
                error: typed.map(|(_, why)| why.clone()),
            }
        })
        .collect();
    let languages: Vec<(&str, String)> = LANGUAGES
        .iter()
        .map(|code| {
            let name = LANGUAGE_NAMES
                .iter()
                .find(|(c, _)| c == code)
                .map_or(*code, |(_, n)| n);
            (*code, name.to_owned())
        })
        .collect();
    let frame = viewer.frame(state).await?;
    let body = settings_pages::words(
        &frame,
        &languages,
        language,
        &sentences,
        viewer.member.is_owner(),
    );
    let page = Page {
        title: "Words",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

/// `POST /settings/words`
pub(super) async fn save_words(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.must_own()?;
    let seller = posted.member.seller;
    let store = state.store().seller(seller);
    let sellers = store.get().await?.language;
    let language = language(posted.fields.get("language"), &sellers).to_owned();
    let own = store.words().await?;
    let mut refused = BTreeMap::new();
    for key in Key::ALL {
        let typed = posted
            .fields
            .get(&format!("word.{}", key.as_str()))
            .replace("\r\n", "\n");
        let kept = own
            .iter()
            .find(|(l, k, _)| *l == language && k == key.as_str());
        if typed == kept.map_or("", |(.., text)| text.as_str()) {
            continue;
        }
        let text = (!typed.is_empty()).then_some(typed.as_str());
        match state
            .engine()
            .set_sentence(seller, &language, key.as_str(), text)
            .await
        {
            Ok(()) => {}
            Err(ActionError::Invalid { problem, .. }) => {
                refused.insert(key.as_str().to_owned(), (typed, problem));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !refused.is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show_words(&state, &posted.viewer(), status, &language, &refused).await;
    }
    Ok(go(
        &state,
        &format!("/settings/words?language={language}"),
        &Note::good("Saved."),
    ))
}

#[cfg(test)]
mod tests {
    use super::{SettingsForm, read, values};
    use domain::order::totals::{Charges, Delivery, Tax};
    use domain::policy::{Confirmation, Policy};

    #[test]
    fn a_policy_survives_its_own_form() {
        let lkr = "LKR".parse().unwrap();
        let policies = [
            Policy::default(),
            Policy {
                confirmation: Confirmation::AutoConfirm {
                    min_confidence: 0.9,
                    max_total_minor: 500_000,
                },
                oversell: true,
                charges: Charges {
                    delivery: Some(Delivery {
                        fee_minor: 35_000,
                        free_from_minor: Some(1_000_000),
                    }),
                    tax: Some(Tax {
                        basis_points: 1_850,
                        inclusive: true,
                    }),
                    discount: None,
                },
                human_agent: true,
                ..Policy::default()
            },
        ];
        for policy in policies {
            let mut form = SettingsForm {
                values: values(&policy, lkr),
                ..SettingsForm::default()
            };
            assert_eq!(
                read(&mut form, &policy, lkr),
                Some(policy),
                "{:?}",
                form.errors
            );
        }
    }

    #[test]
    fn wrong_fields_are_named() {
        let lkr = "LKR".parse().unwrap();
        let mut form = SettingsForm::default();
        for (name, value) in [
            ("delivery_fee", "a lot"),
            ("tax_rate", "150"),
            ("hand_over_hours", "0"),
        ] {
            form.values.insert(name.into(), value.into());
        }
        assert_eq!(read(&mut form, &Policy::default(), lkr), None);
        let fields: Vec<&str> = form.errors.keys().map(String::as_str).collect();
        assert_eq!(fields, ["delivery_fee", "hand_over_hours", "tax_rate"]);
    }
}

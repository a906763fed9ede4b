//! The consent dialogs, up to the code.

use super::Consent;
use crate::call::{Call, percent_encode};
use crate::error::{GraphError, GraphResult};
use crate::graph::Answer;
use crate::token::{FACEBOOK_SCOPES, INSTAGRAM_SCOPES};
use crate::world::{AuthCode, HOUR, MINUTE, World};
use maud::{DOCTYPE, html};
use std::collections::BTreeSet;

impl World {
    /// `GET /dialog/oauth` (Facebook) and `/oauth/authorize` (Instagram), and the page's answer.
    pub(crate) fn dialog(&mut self, call: &Call, instagram: bool) -> GraphResult<Answer> {
        let client = call.require("client_id")?;
        let redirect = call.require("redirect_uri")?;
        let app = self.find_app(&client).ok_or_else(|| {
            GraphError::new(
                101,
                "Invalid App ID: the provided app ID does not look like a valid app ID.",
            )
        })?;
        if !app.redirect_uris.is_empty() && !app.redirect_uris.contains(&redirect) {
            return Err(GraphError::new(
                191,
                "Can't load URL: The domain of this URL isn't included in the app's domains.",
            ));
        }
        let known = if instagram {
            INSTAGRAM_SCOPES
        } else {
            FACEBOOK_SCOPES
        };
        let asked = call.list("scope").unwrap_or_default();
        if let Some(bad) = asked.iter().find(|s| !known.contains(&s.as_str())) {
            return Err(GraphError::param(format!("Invalid Scopes: {bad}")));
        }
        let consent = if call.params.contains_key("_answer") {
            self.answered(call, &asked)
        } else if self.consent.auto || call.flag("_auto", false) {
            self.consent.clone()
        } else {
            return Ok(Answer::Html(self.consent_page(call, instagram, &asked)));
        };
        Ok(Answer::Redirect(
            self.consented(call, instagram, &asked, &redirect, &consent),
        ))
    }

    /// Reads the form of the consent page.
    fn answered(&self, call: &Call, asked: &[String]) -> Consent {
        let ticked = |name: &str| call.params.contains_key(name);
        let user = call.text("_user");
        let assets = user.as_ref().and_then(|u| self.users.get(u)).map(|u| {
            self.assets_of(u)
                .into_iter()
                .map(|(id, _)| id)
                .filter(|id| ticked(&format!("asset_{id}")))
                .collect()
        });
        Consent {
            auto: true,
            deny: call.text("_answer").as_deref() != Some("allow"),
            user_id: user,
            declined: asked
                .iter()
                .filter(|s| !ticked(&format!("scope_{s}")))
                .cloned()
                .collect(),
            assets,
        }
    }

    /// Everything a person could tick: (id, name).
    fn assets_of(&self, user: &crate::world::User) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for id in &user.pages {
            if let Some(page) = self.pages.get(id) {
                out.push((id.clone(), format!("Page: {}", page.name)));
            }
        }
        for id in &user.instagram {
            if let Some(account) = self.instagram.get(id) {
                out.push((id.clone(), format!("Instagram: @{}", account.username)));
            }
        }
        for id in &user.businesses {
            if let Some(business) = self.businesses.get(id) {
                out.push((id.clone(), format!("Business: {}", business.name)));
                for catalog in business.owned.iter().filter_map(|c| self.catalogs.get(c)) {
                    out.push((catalog.id.clone(), format!("Catalog: {}", catalog.name)));
                }
            }
        }
        for number in self.numbers.values() {
            let mine = self.accounts.iter().any(|a| {
                a.user_id == user.id && a.phone_number_id.as_deref() == Some(number.id.as_str())
            });
            if mine {
                out.push((number.id.clone(), format!("WhatsApp: +{}", number.display)));
            }
        }
        out
    }

    /// Makes the code, or the refusal, and says where the browser goes.
    fn consented(
        &mut self,
        call: &Call,
        instagram: bool,
        asked: &[String],
        redirect: &str,
        consent: &Consent,
    ) -> String {
        let joint = if redirect.contains('?') { '&' } else { '?' };
        let state = call
            .text("state")
            .map(|s| format!("&state={}", percent_encode(&s)))
            .unwrap_or_default();
        let user = consent.user_id.clone().or_else(|| self.person(instagram));
        let Some(user) = user.filter(|_| !consent.deny) else {
            return format!(
                "{redirect}{joint}error=access_denied&error_code=200&error_reason=user_denied\
                 &error_description=Permissions+error{state}"
            );
        };
        let mut scopes: BTreeSet<String> = asked
            .iter()
            .filter(|s| !consent.declined.contains(s))
            .cloned()
            .collect();
        if !instagram {
            scopes.insert("public_profile".into());
        }
        let now = self.now();
        if let Some(person) = self.users.get_mut(&user) {
            person.last_active = now;
            for scope in asked {
                if consent.declined.contains(scope) {
                    person.declined.insert(scope.clone());
                } else {
                    person.declined.remove(scope);
                }
            }
        }
        let account = instagram
            .then(|| {
                let mine = self.users.get(&user)?.instagram.clone();
                let ticked = |id: &&String| consent.assets.as_ref().is_none_or(|a| a.contains(id));
                mine.iter().find(ticked).cloned()
            })
            .flatten();
        let client = call.text("client_id").unwrap_or_default();
        let app_id = self
            .find_app(&client)
            .map(|a| a.id.clone())
            .unwrap_or_default();
        let code = format!("AQ{}", self.rng.hex(40));
        self.codes.insert(
            code.clone(),
            AuthCode {
                app: app_id,
                user,
                redirect_uri: redirect.to_owned(),
                scopes,
                targets: consent.assets.as_ref().map(|a| a.iter().cloned().collect()),
                instagram: account,
                challenge: call.text("code_challenge"),
                expires_at: now + if instagram { HOUR } else { 10 * MINUTE },
                used: false,
            },
        );
        let tail = if instagram { "#_" } else { "" };
        format!("{redirect}{joint}code={code}{state}{tail}")
    }

    /// The first person who can sign in by that way.
    fn person(&self, instagram: bool) -> Option<String> {
        let fits = |u: &&crate::world::User| {
            if instagram {
                !u.instagram.is_empty()
            } else {
                !u.pages.is_empty()
            }
        };
        self.users
            .values()
            .find(fits)
            .or_else(|| self.users.values().next())
            .map(|u| u.id.clone())
    }

    fn consent_page(&self, call: &Call, instagram: bool, asked: &[String]) -> String {
        let app = call.text("client_id").and_then(|id| self.find_app(&id));
        let name = app.map_or("an app", |a| a.name.as_str());
        let chosen = call
            .text("_user")
            .or_else(|| self.person(instagram))
            .unwrap_or_default();
        let user = self.users.get(&chosen);
        let assets = user.map(|u| self.assets_of(u)).unwrap_or_default();
        let brand = if instagram { "Instagram" } else { "Facebook" };
        let kept: Vec<(&String, String)> = call
            .params
            .iter()
            .filter(|(k, _)| !k.starts_with('_'))
            .filter_map(|(k, v)| Some((k, crate::call::into_text(v.clone())?)))
            .collect();
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (brand) " Login (sandbox)" }
                    link rel="stylesheet" href="/app.css";
                }
                body.consent {
                    main.card {
                        p.hint { (brand) " Login, played by the sandbox" }
                        h1 { (name) " wants access" }
                        form method="get" action=(format!("/{}", call.path.join("/"))) {
                            @for (k, v) in &kept { input type="hidden" name=(k) value=(v); }
                            label { "Continue as "
                                select name="_user" onchange="this.form.submit()" {
                                    @for u in self.users.values() {
                                        option value=(u.id) selected[u.id == chosen] { (u.name) }
                                    }
                                }
                            }
                        }
                        form method="post" action=(format!("/{}", call.path.join("/"))) {
                            @for (k, v) in &kept { input type="hidden" name=(k) value=(v); }
                            input type="hidden" name="_user" value=(chosen);
                            h2 { "Choose what it may use" }
                            @for (id, label) in &assets {
                                label.tick {
                                    input type="checkbox" name=(format!("asset_{id}")) checked;
                                    (label)
                                }
                            }
                            h2 { "Permissions" }
                            @for scope in asked {
                                label.tick {
                                    input type="checkbox" name=(format!("scope_{scope}")) checked;
                                    code { (scope) }
                                }
                            }
                            div.row {
                                button.plain name="_answer" value="deny" { "Cancel" }
                                button.main name="_answer" value="allow" { "Allow" }
                            }
                        }
                    }
                }
            }
        }
        .into_string()
    }
}

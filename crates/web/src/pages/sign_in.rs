//! The sign-in page.

use maud::{Markup, html};

use super::layout::render_bare;
use super::parts::{Field, Note, note};
use crate::{csrf, icons};

/// What the sign-in page shows.
#[derive(Debug, Default)]
pub(crate) struct SignInView {
    /// The token of the cookie that was set with the page.
    pub csrf: String,
    /// The name that was given before.
    pub email: String,
    /// Where to go afterwards: a path on this server.
    pub next: String,
    /// What came of the last attempt.
    pub note: Option<Note>,
}

/// The page.
pub(crate) fn sign_in(view: &SignInView) -> Markup {
    render_bare(
        "Sign in",
        html! {
            div.gate {
                a.brand href="/" { (icons::sign()) "Eziseller" }
                p.soft { "Your Instagram messages, written down as orders." }
                form.card method="post" action="/sign-in" data-plain {
                    @if let Some(said) = &view.note { (note(said)) }
                    input type="hidden" name=(csrf::FIELD) value=(view.csrf);
                    input type="hidden" name="next" value=(view.next);
                    (Field { name: "email", label: "E-mail", value: &view.email, autocomplete: "username",
                        mode: "email", required: true, ..Field::default() }.render())
                    (Field { name: "password", label: "Password", kind: "password",
                        autocomplete: "current-password", required: true, ..Field::default() }.render())
                    button.primary.wide type="submit" { "Sign in" }
                }
                p.small.soft { "Forgotten your password? An owner of your shop, or whoever runs this server, can set a new one." }
            }
        },
    )
}

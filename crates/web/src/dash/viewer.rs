//! Who looks at a page and who posts a form; what the frame around a page says.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::access::{Member, NoAccess, set_cookie, with_cookie};
use crate::csrf;
use crate::pages::layout::{Frame, Page, error_page, render};
use crate::pages::parts::{Note, Tone};
use crate::problem::Problem;
use crate::state::AppState;

/// The cookie that carries what an action came to over to the next page.
const NOTE_COOKIE: &str = "eziseller-note";

/// A failure, shown as a page.
#[derive(Debug)]
pub(super) enum PageError {
    /// What the API would answer.
    Problem(Problem),
    /// Nobody is signed in, or the like.
    NoAccess(NoAccess),
}

impl<E: Into<Problem>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => {
                error_page(problem.status_code(), problem.title, &problem.detail)
            }
            Self::NoAccess(no) => no.into_response(),
        }
    }
}

/// What a page handler answers with.
pub(super) type PageResult = Result<Response, PageError>;

/// A member who looks at a page.
#[derive(Debug)]
pub(super) struct Viewer {
    /// Who.
    pub member: Member,
    note: Option<Note>,
}

impl FromRequestParts<AppState> for Viewer {
    type Rejection = NoAccess;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, NoAccess> {
        let member =
            <Member as FromRequestParts<AppState>>::from_request_parts(parts, state).await?;
        let jar = CookieJar::from_headers(&parts.headers);
        let note = jar
            .get(NOTE_COOKIE)
            .and_then(|cookie| read_note(cookie.value()));
        Ok(Self { member, note })
    }
}

impl Viewer {
    /// What the frame says.
    pub(super) async fn frame(&self, state: &AppState) -> Result<Frame, PageError> {
        let seller = state.store().seller(self.member.seller);
        let counts = seller.counts().await?;
        Ok(Frame {
            shop: seller.get().await?.name,
            member: self.member.name.clone(),
            csrf: self.member.csrf.clone(),
            drafts_waiting: counts.drafts_waiting.unsigned_abs(),
            unread: counts.unread.unsigned_abs(),
            note: self.note.clone(),
        })
    }

    /// The page; the note is shown once.
    pub(super) fn show(&self, state: &AppState, frame: &Frame, page: Page<'_>) -> Response {
        self.show_with(state, StatusCode::OK, frame, page)
    }

    /// The page with another status than 200.
    pub(super) fn show_with(
        &self,
        state: &AppState,
        status: StatusCode,
        frame: &Frame,
        page: Page<'_>,
    ) -> Response {
        let response = (status, render(frame, page)).into_response();
        if self.note.is_some() {
            with_cookie(response, set_cookie(state, NOTE_COOKIE, String::new(), 0))
        } else {
            response
        }
    }

    /// Owners only.
    pub(super) fn must_own(&self) -> Result<(), PageError> {
        must_own(&self.member)
    }

    /// Operators of the server only.
    pub(super) fn must_operate(&self) -> Result<(), PageError> {
        if self.member.admin {
            Ok(())
        } else {
            Err(Problem::not_found("page").into())
        }
    }
}

fn must_own(member: &Member) -> Result<(), PageError> {
    if member.is_owner() {
        Ok(())
    } else {
        Err(Problem::forbidden("Only owners of the shop do this. Ask one of them.").into())
    }
}

/// Goes on to a page and says there what the action came to.
pub(super) fn go(state: &AppState, to: &str, note: &Note) -> Response {
    with_cookie(
        Redirect::to(to),
        set_cookie(state, NOTE_COOKIE, write_note(note), 60),
    )
}

fn write_note(note: &Note) -> String {
    let (href, name) = note.link.clone().unwrap_or_default();
    let parts = [
        note.tone.class(),
        note.text.as_str(),
        href.as_str(),
        name.as_str(),
    ];
    URL_SAFE_NO_PAD.encode(parts.join("\u{1f}"))
}

/// Anybody may set a cookie; a note is therefore only text, and links only to pages of ours.
fn read_note(text: &str) -> Option<Note> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let mut parts = text.splitn(4, '\u{1f}');
    let tone = match parts.next()? {
        "good" => Tone::Good,
        "bad" => Tone::Bad,
        "warn" => Tone::Warn,
        _ => Tone::Info,
    };
    let text = parts.next()?.to_owned();
    let (href, name) = (parts.next()?, parts.next()?);
    let ours = href.starts_with('/') && !href.starts_with("//") && !name.is_empty();
    Some(Note {
        tone,
        text,
        link: ours.then(|| (href.to_owned(), name.to_owned())),
    })
}

/// A form's fields, in order; names may repeat.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first field of that name, trimmed; empty when there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map_or("", |(_, value)| value.trim())
    }

    /// Every field of that name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a switch of that name is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.get(name) == "yes"
    }

    /// The fields as a map, the last of a name winning.
    pub(super) fn map(&self) -> std::collections::BTreeMap<String, String> {
        self.0.iter().cloned().collect()
    }
}

/// A form posted by a member from one of our own pages. There is no other way to a form: a handler
/// cannot forget the check.
#[derive(Debug)]
pub(super) struct Posted {
    /// Who.
    pub member: Member,
    /// The form.
    pub fields: Fields,
}

impl Posted {
    /// The viewer of the page that answers, where the form is shown again.
    pub(super) fn viewer(&self) -> Viewer {
        Viewer {
            member: self.member.clone(),
            note: None,
        }
    }

    /// Owners only.
    pub(super) fn must_own(&self) -> Result<(), PageError> {
        must_own(&self.member)
    }
}

impl FromRequest<AppState> for Posted {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let member = <Member as FromRequestParts<AppState>>::from_request_parts(&mut parts, state)
            .await
            .map_err(PageError::NoAccess)?;
        let ours = csrf::comes_from_us(&parts.headers);
        let fields = read_fields(Request::from_parts(parts, body), state).await?;
        if !ours || !same(&member.csrf, fields.get(csrf::FIELD)) {
            return Err(foreign_form());
        }
        Ok(Self { member, fields })
    }
}

/// Compares a form's token with the session's, in constant time.
fn same(expected: &str, given: &str) -> bool {
    use subtle::ConstantTimeEq;
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

/// Whether a token that came with a form is the session's.
pub(super) fn token_fits(member: &Member, given: &str) -> bool {
    same(&member.csrf, given)
}

/// The answer to a form that is not from one of our pages.
pub(super) fn foreign_form() -> PageError {
    Problem::forbidden(
        "This form does not come from a page of your present session. Go back, reload the page and send it again.",
    )
    .into()
}

/// Reads an urlencoded body.
pub(super) async fn read_fields(request: Request, state: &AppState) -> Result<Fields, PageError> {
    let urlencoded = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !urlencoded {
        return Err(Problem::unsupported_media_type("application/x-www-form-urlencoded").into());
    }
    let bytes = Bytes::from_request(request, state)
        .await
        .map_err(|_| Problem::too_large(crate::limits::BODY_BYTES_MAX))?;
    let fields = serde_urlencoded::from_bytes(&bytes).map_err(|_| {
        Problem::bad_request("The form cannot be read; reload the page and send it again.")
    })?;
    Ok(Fields(fields))
}

#[cfg(test)]
mod tests {
    use super::{read_note, write_note};
    use crate::pages::parts::Note;

    #[test]
    fn a_note_survives_the_way_to_the_next_page_and_links_only_to_ours() {
        let note = Note::good("Order #7 · confirmed").with_link("See it", "/orders/1");
        assert_eq!(read_note(&write_note(&note)), Some(note));
        let evil = Note::bad("x").with_link("Click", "https://evil.example");
        assert_eq!(read_note(&write_note(&evil)).unwrap().link, None);
        let evil = Note::bad("x").with_link("Click", "//evil.example");
        assert_eq!(read_note(&write_note(&evil)).unwrap().link, None);
        assert_eq!(read_note("???"), None);
    }
}

//! The dashboard's icons: inline SVG paths, drawn with the text's own color.

use maud::{Markup, PreEscaped, html};

/// An icon's drawing, on a 24 by 24 grid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Icon(&'static str);

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) const $name: Icon = Icon($path);
    )*};
}

icons! {
    /// Draft orders: a sheet with a tick.
    DRAFTS = r#"<path d="M9 4h6v3H9zM15 5.5h3V20H6V5.5h3"/><path d="m9 13 2.2 2.2L15 11"/>"#;
    /// Orders: a parcel.
    ORDERS = r#"<path d="M4 8.2 12 4l8 4.2v7.6L12 20l-8-4.2z"/><path d="M4 8.2 12 12.4l8-4.2M12 12.4V20"/>"#;
    /// The inbox: a speech bubble.
    INBOX = r#"<path d="M4 5.5h16v10.5h-7.5L8 20v-4H4z"/><path d="M8 9.5h8M8 12.5h5"/>"#;
    /// Products: a tag.
    PRODUCTS = r#"<path d="M4 4h8l8 8-8 8-8-8z"/><circle cx="8.5" cy="8.5" r="1.4"/>"#;
    /// Everything else.
    MORE = r#"<circle cx="5.5" cy="12" r="1.3"/><circle cx="12" cy="12" r="1.3"/><circle cx="18.5" cy="12" r="1.3"/>"#;
    /// A warning.
    WARN = r#"<path d="M12 4.5 20.5 19h-17z"/><path d="M12 10v4M12 16.6v.1"/>"#;
    /// Good news.
    TICK = r#"<path d="m5 12.5 4.5 4.5L19 7.5"/>"#;
    /// Something to know.
    INFO = r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8v.1"/>"#;
    /// A picture that is missing.
    PICTURE = r#"<rect x="4" y="5" width="16" height="14" rx="2"/><path d="m5 17 4.5-5 3.5 3.5 2.5-2.5L19 17"/><circle cx="9" cy="9" r="1.2"/>"#;
    /// People.
    PEOPLE = r#"<circle cx="9" cy="8.5" r="3.2"/><path d="M3.5 19c.5-3.4 2.6-5 5.500-5s5 1.600 5.500 5M15.500 5.600a3.200 3.200 0 0 1 0 5.800M17 14.300c2 .6 3.200 2.200 3.500 4.700"/>"#;
    /// Settings.
    SETTINGS = r#"<path d="M4 7h9M17 7h3M4 12h3M11 12h9M4 17h11M19 17h1"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="12" r="2"/><circle cx="17" cy="17" r="2"/>"#;
    /// Kept events: a tray.
    TRAY = r#"<path d="M4 13.500 6.500 5h11L20 13.500V19H4z"/><path d="M4 13.500h5l1 2h4l1-2h5"/>"#;
    /// Sending.
    SEND = r#"<path d="M4 12 20 4.500 15.500 20 11.500 13.500z"/><path d="m11.500 13.500 8.500-9"/>"#;
    /// A key.
    KEY = r#"<circle cx="8" cy="14.500" r="3.800"/><path d="M11 12 19.500 4M16 7.200l2.500 2.500"/>"#;
    /// Time left.
    CLOCK = r#"<circle cx="12" cy="12" r="8"/><path d="M12 7.500V12l3 2"/>"#;
    /// Leaving.
    LEAVE = r#"<path d="M13 4.500H5.500v15H13M10 12h10M16.500 8.500 20 12l-3.500 3.500"/>"#;
    /// Receiving a file.
    UPLOAD = r#"<path d="M12 16V5M7.500 9.500 12 5l4.500 4.500M5 19h14"/>"#;
}

impl maud::Render for Icon {
    fn render(&self) -> Markup {
        html! {
            svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7"
                stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" {
                (PreEscaped(self.0))
            }
        }
    }
}

/// The product's sign.
pub(crate) fn sign() -> Markup {
    html! {
        svg viewBox="0 0 32 32" aria-hidden="true" {
            rect width="32" height="32" rx="9" fill="#0b6650" {}
            path d="M8 9.5h16a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7.2L12 25.6v-4.1H8a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2z" fill="#fffefb" {}
            path d="m11.4 15.6 3.2 3.1 6-6.2" fill="none" stroke="#0b6650" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" {}
        }
    }
}

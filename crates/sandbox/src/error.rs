//! Graph API errors in the shape Meta answers them (error-handling guide):
//! `{"error":{"message","type","code","error_subcode","is_transient","fbtrace_id",...}}`.

use serde_json::{Value, json};

/// One Graph API error answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    pub(crate) code: i64,
    pub(crate) subcode: Option<i64>,
    pub(crate) message: String,
    pub(crate) kind: &'static str,
    pub(crate) transient: bool,
    pub(crate) user: Option<Box<(String, String)>>,
    pub(crate) data: Option<Value>,
}

pub(crate) type GraphResult<T> = Result<T, GraphError>;

impl GraphError {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        let status = match code {
            190 | 102 | 104 => 401,
            10 | 200..=299 => 403,
            1 | 2 => 500,
            _ => 400,
        };
        let kind = match code {
            100 | 2500 => "GraphMethodException",
            _ => "OAuthException",
        };
        let transient = matches!(
            code,
            2 | 4 | 17 | 32 | 613 | 80000..=80014 | 130_429 | 131_056
        );
        Self {
            status,
            code,
            subcode: None,
            message: message.into(),
            kind,
            transient,
            user: None,
            data: None,
        }
    }

    pub(crate) fn sub(mut self, subcode: i64) -> Self {
        self.subcode = Some(subcode);
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn user(mut self, title: &str, text: &str) -> Self {
        self.user = Some(Box::new((title.into(), text.into())));
        self
    }

    pub(crate) fn data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// 100: a parameter is missing or wrong.
    pub(crate) fn param(message: impl AsRef<str>) -> Self {
        let mut error = Self::new(100, format!("(#100) {}", message.as_ref()));
        error.kind = "OAuthException";
        error
    }

    /// 100/33: no such object, no permission for it, or no such edge; Meta does not say which.
    pub(crate) fn unsupported(method: &str, id: &str) -> Self {
        Self::new(
            100,
            format!(
                "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded \
                 due to missing permissions, or does not support this operation. Please read the \
                 Graph API documentation at https://developers.facebook.com/docs/graph-api",
                method.to_lowercase()
            ),
        )
        .sub(33)
    }

    /// 2500: a path that is no object and no edge.
    pub(crate) fn unknown_path(path: &str) -> Self {
        let mut error = Self::new(2500, format!("Unknown path components: /{path}"));
        error.kind = "OAuthException";
        error
    }

    /// 190 with the subcode that says why the token is dead.
    pub(crate) fn token(subcode: Option<i64>) -> Self {
        let why = match subcode {
            Some(458) => "The user has not authorized application.",
            Some(459 | 464) => "You cannot access the app till you log in to www.facebook.com.",
            Some(460) => "The session has been invalidated because the user changed the password.",
            Some(463) => "Session has expired.",
            Some(467) => "The access token is invalid since the user has logged out.",
            Some(492) => "The user must be an administrator, editor, or moderator of the page.",
            Some(_) => "The session is invalid.",
            None => "Invalid OAuth access token - Cannot parse access token",
        };
        let message = match subcode {
            Some(_) => format!("Error validating access token: {why}"),
            None => why.to_owned(),
        };
        let error = Self::new(190, message);
        match subcode {
            Some(code) => error.sub(code),
            None => error,
        }
    }

    /// 10: the token lacks `scope`.
    pub(crate) fn scope(scope: &str) -> Self {
        Self::new(
            10,
            format!(
                "(#10) This endpoint requires the '{scope}' permission to be granted. \
                 Application does not have permission for this action"
            ),
        )
    }

    /// The JSON answer.
    pub(crate) fn body(&self, trace: &str) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if self.transient {
            error["is_transient"] = true.into();
        }
        if let Some((title, text)) = self.user.as_deref() {
            error["error_user_title"] = title.as_str().into();
            error["error_user_msg"] = text.as_str().into();
        }
        if let Some(data) = &self.data {
            error["error_data"] = data.clone();
        }
        json!({ "error": error })
    }
}

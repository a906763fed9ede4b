//! Which of a customer's words became which line: cuts a text into plain and marked segments.

use domain::reading::Span;

/// What a stretch of text became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The order line with this number, from 1.
    Line(usize),
    /// A doubt.
    Doubt,
}

/// A stretch of text with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The words.
    pub text: String,
    /// What they became, if anything.
    pub mark: Option<Mark>,
}

/// Cuts `text` at `marks`. Total: spans past the end, inside a character, empty or overlapping an
/// earlier one are left out, so that a stale span never costs the page.
pub(crate) fn segments(text: &str, marks: &[(Span, Mark)]) -> Vec<Segment> {
    let mut wanted: Vec<(usize, usize, Mark)> = marks
        .iter()
        .map(|(span, mark)| (span.start as usize, span.end as usize, *mark))
        .filter(|(start, end, _)| start < end && text.get(*start..*end).is_some())
        .collect();
    wanted.sort_by_key(|(start, end, _)| (*start, *end));
    let mut cut: Vec<Segment> = Vec::new();
    let mut at = 0;
    for (start, end, mark) in wanted {
        if start < at {
            continue;
        }
        push(&mut cut, &text[at..start], None);
        push(&mut cut, &text[start..end], Some(mark));
        at = end;
    }
    push(&mut cut, &text[at..], None);
    join_neighbours(cut)
}

fn push(cut: &mut Vec<Segment>, text: &str, mark: Option<Mark>) {
    if !text.is_empty() {
        cut.push(Segment {
            text: text.to_owned(),
            mark,
        });
    }
}

/// "2" and "red sarees" of one line, with a blank between them, read as one stretch.
fn join_neighbours(cut: Vec<Segment>) -> Vec<Segment> {
    let mut joined: Vec<Segment> = Vec::with_capacity(cut.len());
    for segment in cut {
        let blank_between = joined.len() >= 2
            && segment.mark.is_some()
            && joined[joined.len() - 1].mark.is_none()
            && joined[joined.len() - 1].text.trim().is_empty()
            && !joined[joined.len() - 1].text.contains('\n')
            && joined[joined.len() - 2].mark == segment.mark;
        if blank_between {
            let blank = joined.pop().map(|s| s.text).unwrap_or_default();
            if let Some(last) = joined.last_mut() {
                last.text.push_str(&blank);
                last.text.push_str(&segment.text);
            }
            continue;
        }
        match joined.last_mut() {
            Some(last) if last.mark == segment.mark => last.text.push_str(&segment.text),
            _ => joined.push(segment),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::{Mark, segments};
    use domain::reading::Span;

    fn cut(text: &str, marks: &[(u32, u32, usize)]) -> String {
        let marks: Vec<_> = marks
            .iter()
            .map(|(start, end, n)| {
                (
                    Span {
                        start: *start,
                        end: *end,
                    },
                    Mark::Line(*n),
                )
            })
            .collect();
        segments(text, &marks)
            .into_iter()
            .map(|s| match s.mark {
                Some(Mark::Line(n)) => format!("[{n}:{}]", s.text),
                Some(Mark::Doubt) => format!("?{}?", s.text),
                None => s.text,
            })
            .collect()
    }

    #[test]
    fn words_are_marked_with_their_line() {
        let text = "hi, 2 red sarees and a pot";
        assert_eq!(
            cut(text, &[(23, 26, 2), (4, 5, 1), (6, 16, 1)]),
            "hi, [1:2 red sarees] and a [2:pot]"
        );
    }

    #[test]
    fn impossible_spans_are_left_out() {
        let text = "é2 pots";
        assert_eq!(
            cut(text, &[(1, 3, 1), (90, 99, 1), (5, 4, 1), (2, 3, 1)]),
            "é[1:2] pots"
        );
        assert_eq!(cut(text, &[(2, 8, 1), (4, 8, 2)]), "é[1:2 pots]");
        assert_eq!(cut("", &[(0, 1, 1)]), "");
    }

    proptest::proptest! {
        #[test]
        fn no_letter_is_lost_or_doubled(
            text in "\\PC{0,40}",
            spans in proptest::collection::vec((0_u32..60, 0_u32..60, 0_usize..4), 0..8),
        ) {
            let marks: Vec<_> = spans
                .iter()
                .map(|(start, end, n)| (Span { start: *start, end: *end }, Mark::Line(*n)))
                .collect();
            let joined: String = segments(&text, &marks).into_iter().map(|s| s.text).collect();
            proptest::prop_assert_eq!(joined, text);
        }
    }
}

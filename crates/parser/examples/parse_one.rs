//! Explains how a catalogue file reads messages: `parse_one FILE MESSAGE...`, one conversation.

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(path), messages) = (args.next(), args.collect::<Vec<_>>()) else {
        return;
    };
    let text = std::fs::read_to_string(path).expect("a catalogue file");
    let file = domain::catalog::file::parse(&text, None).expect("a catalogue");
    let locale = parser::Locale {
        country: file.country.clone(),
        currency: Some(file.currency),
    };
    let index = parser::Index::build(&file.products, locale);
    let mut standing = domain::reading::Standing::default();
    for message in messages {
        let explanation = parser::explain(&index, &message, &standing);
        println!("> {message}\n{explanation}");
        standing = explanation.reading.apply(&standing);
    }
    for line in &standing.lines {
        println!("{line:?}");
    }
}

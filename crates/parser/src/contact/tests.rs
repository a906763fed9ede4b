//! Contact details as customers of many countries write them.

use proptest::prelude::*;

use super::{bare_name, find, find_among};

fn phone(country: &str, text: &str) -> Option<String> {
    find(text, Some(country)).phone.map(|f| f.value)
}

#[test]
fn numbers_of_many_countries_become_e164() {
    for (country, text, number) in [
        ("LK", "call me on O77 123 4567", "+94771234567"),
        ("LK", "my no is 077-123-4567", "+94771234567"),
        ("LK", "94771234567", "+94771234567"),
        ("LK", "0094771234567", "+94771234567"),
        ("LK", "771234567", "+94771234567"),
        ("LK", "tel:0771234567sis", "+94771234567"),
        ("LK", "wa.me/94771234567", "+94771234567"),
        ("LK", "https://wa.me/94771234567?text=hi", "+94771234567"),
        ("LK", "0️⃣7️⃣7️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣", "+94771234567"),
        ("PH", "(0917) 123-4567", "+639171234567"),
        ("PH", "639171234567", "+639171234567"),
        ("IN", "98450 12345", "+919845012345"),
        ("IN", "9123456780", "+919123456780"),
        ("IN", "+91-98450-12345", "+919845012345"),
        ("IN", "९८४५०१२३४५", "+919845012345"),
        ("ID", "0812-3456-7890", "+6281234567890"),
        ("NG", "0803 123 4567", "+2348031234567"),
        ("KE", "0712 345 678", "+254712345678"),
        ("BR", "(11) 91234-5678", "+5511912345678"),
        ("MX", "+52 1 55 1234 5678", "+525512345678"),
        ("ES", "612 345 678", "+34612345678"),
        ("FR", "06 12 34 56 78", "+33612345678"),
        ("FR", "06.12.34.56.78", "+33612345678"),
        ("PT", "912 345 678", "+351912345678"),
        ("AE", "٠٥٠١٢٣٤٥٦٧", "+971501234567"),
        ("EG", "01012345678", "+201012345678"),
        ("BD", "০১৭১২৩৪৫৬৭৮", "+8801712345678"),
        ("PK", "0300-1234567", "+923001234567"),
        ("US", "(415) 555-2671", "+14155552671"),
        ("GB", "07700 900123", "+447700900123"),
        ("GB", "+44 (0)7700 900123", "+447700900123"),
        ("MY", "012-345 6789", "+60123456789"),
        ("SG", "9123 4567", "+6591234567"),
        ("TZ", "0754 123 456", "+255754123456"),
        ("ZA", "082 123 4567", "+27821234567"),
        ("CO", "300 123 4567", "+573001234567"),
        ("AE", "my number is +94 77 123 4567", "+94771234567"),
    ] {
        assert_eq!(phone(country, text).as_deref(), Some(number), "{text}");
    }
}

#[test]
fn the_last_number_said_wins() {
    for text in [
        "0771234567 no sorry its 0779876543",
        "077 123 4567 / 077 987 6543",
        "my no 0771234567\nwhatsapp 0779876543",
    ] {
        assert_eq!(phone("LK", text).as_deref(), Some("+94779876543"), "{text}");
    }
}

#[test]
fn other_numbers_are_no_telephone_numbers() {
    for (country, text) in [
        ("LK", "tracking no 0771234567"),
        ("LK", "order #0771234567"),
        ("LK", "card 4111 1111 1111 1111"),
        ("LK", "4111111111111111"),
        ("LK", "total 125000 paid"),
        ("ID", "Rp 1.500.000"),
        ("IN", "sizes 28 30 32 34 36"),
        ("IN", "2x 650 and 750"),
        ("SG", "25-12-2026"),
        ("PH", "20000mah powerbank 10000mah"),
        ("LK", "https://example.com/p/0771234567"),
        ("LK", "ruwan0771234567@gmail.com"),
        ("LK", "SKU0771234567"),
        ("LK", "0000000000"),
    ] {
        assert_eq!(phone(country, text), None, "{text}");
    }
    assert_eq!(find("0771234567", None).phone, None);
}

#[test]
fn addresses_of_many_countries_are_the_customers_words() {
    for (text, address) in [
        (
            "Name: Ruwan Silva\nAddress: 24/7 Hill Street, Dehiwala\nTel: 0712223344",
            "24/7 Hill Street, Dehiwala",
        ),
        (
            "ruwan silva, 24/7 hill street, dehiwala, 0712223344",
            "24/7 hill street, dehiwala",
        ),
        (
            "send to No 45, Peradeniya Road, Kandy",
            "No 45, Peradeniya Road, Kandy",
        ),
        (
            "i need it at 12 lake road kandy before friday pls",
            "12 lake road kandy",
        ),
        ("add: 12, 2nd lane, ratmalana", "12, 2nd lane, ratmalana"),
        (
            "thanks sis. my address is 12/A temple road, matara. call me before delivery",
            "12/A temple road, matara",
        ),
        ("අංක 12, ගාලු පාර, කොළඹ 03", "අංක 12, ගාලු පාර, කොළඹ 03"),
        (
            "Address: H.No 4-5-678, Street No 3, Himayatnagar, Hyderabad - 500029",
            "H.No 4-5-678, Street No 3, Himayatnagar, Hyderabad - 500029",
        ),
        (
            "Priya Sharma\nA-204, Sunrise Apartments,\nMG Road, Pune 411001\n9822012345",
            "A-204, Sunrise Apartments, MG Road, Pune 411001",
        ),
        (
            "deliver it to Flat No 5B, 3rd floor, Lotus Towers, Andheri West, Mumbai 400058",
            "Flat No 5B, 3rd floor, Lotus Towers, Andheri West, Mumbai 400058",
        ),
        (
            "ok send it to 45, 3rd cross, Malleshwaram",
            "45, 3rd cross, Malleshwaram",
        ),
        (
            "my address 3/4 gandhi nagar 2nd street coimbatore",
            "3/4 gandhi nagar 2nd street coimbatore",
        ),
        (
            "फ्लैट 302, लक्ष्मी अपार्टमेंट, एमजी रोड, पुणे 411001",
            "फ्लैट 302, लक्ष्मी अपार्टमेंट, एमजी रोड, पुणे 411001",
        ),
        (
            "Maria Santos\n09171234567\n#45 Rizal Street, Brgy. San Roque, Marikina City",
            "#45 Rizal Street, Brgy. San Roque, Marikina City",
        ),
        (
            "deliver nyo po sa 12 Rizal Ave Pasig bukas po",
            "12 Rizal Ave Pasig",
        ),
        (
            "Nama: Budi\nAlamat: Jl. Merdeka No. 10 RT 02/RW 05, Kel. Sukajadi, Bandung 40162",
            "Jl. Merdeka No. 10 RT 02/RW 05, Kel. Sukajadi, Bandung 40162",
        ),
        (
            "Nurul, 012-3456789, No 5 Jalan Bukit 3, Taman Melati, 53100 Kuala Lumpur",
            "No 5 Jalan Bukit 3, Taman Melati, 53100 Kuala Lumpur",
        ),
        (
            "My name is Chinedu, deliver to 7 Allen Avenue Ikeja",
            "7 Allen Avenue Ikeja",
        ),
        (
            "Jane 0712345678 Moi Avenue, Bihi Towers 3rd floor, Nairobi",
            "Moi Avenue, Bihi Towers 3rd floor, Nairobi",
        ),
        (
            "Rua das Flores, 123, apto 45, Bairro Jardim, São Paulo - SP, 01234-567",
            "Rua das Flores, 123, apto 45, Bairro Jardim, São Paulo - SP, 01234-567",
        ),
        (
            "Rua do Ouro 45, 2º Esq, 1100-060 Lisboa",
            "Rua do Ouro 45, 2º Esq, 1100-060 Lisboa",
        ),
        (
            "Calle Reforma 123, Col. Centro, CP 06000, CDMX",
            "Calle Reforma 123, Col. Centro, CP 06000, CDMX",
        ),
        (
            "C/ Mayor 12, 3º B, 28013 Madrid",
            "C/ Mayor 12, 3º B, 28013 Madrid",
        ),
        (
            "Cra 15 # 93-47 apto 502, Bogotá",
            "Cra 15 # 93-47 apto 502, Bogotá",
        ),
        (
            "12 rue de la Paix, 75002 Paris",
            "12 rue de la Paix, 75002 Paris",
        ),
        (
            "Villa 12, Street 5, Al Barsha 1, Dubai",
            "Villa 12, Street 5, Al Barsha 1, Dubai",
        ),
        (
            "العنوان: 15 شارع التحرير الدقي القاهرة",
            "15 شارع التحرير الدقي القاهرة",
        ),
        (
            "bari 12, road 5, dhanmondi, dhaka 1205, 01712345678",
            "bari 12, road 5, dhanmondi, dhaka 1205",
        ),
        (
            "House No 45, Street 7, F-10/2, Islamabad",
            "House No 45, Street 7, F-10/2, Islamabad",
        ),
        (
            "niko hapa Mtaa wa Palestina nyumba namba 15",
            "Mtaa wa Palestina nyumba namba 15",
        ),
        (
            "ship to 123 Main St Springfield IL 62704 please",
            "123 Main St Springfield IL 62704",
        ),
        (
            "Flat 3, 22 Baker Street, London NW1 6XE. Thanks!",
            "Flat 3, 22 Baker Street, London NW1 6XE",
        ),
    ] {
        let found = find(text, Some("IN")).address.map(|f| f.value);
        assert_eq!(found.as_deref(), Some(address), "{text}");
    }
}

#[test]
fn towns_questions_and_orders_are_no_addresses() {
    for text in [
        "deliver to Kandy",
        "do you deliver to Kandy?",
        "can u send it to my office",
        "whats ur shop address",
        "same address as last time",
        "add 2 more",
        "2 usb drive 32gb",
        "2 red court shoes",
        "1 box 12 pcs",
        "1/2 kg butter cake",
        "no 2 black and 1 white",
        "3 Floral Dress, M, Yellow",
        "2 camisas talla M, 3 pantalones",
        "mau pesan kaos hitam 2, ukuran L",
    ] {
        assert_eq!(find(text, Some("IN")).address, None, "{text}");
    }
}

#[test]
fn names_are_found_by_their_cues_and_places() {
    for (text, name) in [
        ("my name is ruwan", "ruwan"),
        ("this is Ruwan here", "Ruwan"),
        ("Name - Tom Baker", "Tom Baker"),
        ("NAME: K. Perera", "K. Perera"),
        ("mera naam Ravi Verma hai", "Ravi Verma"),
        ("मेरा नाम रवि है", "रवि"),
        ("mage nama Nimal", "Nimal"),
        ("en peyar Kumar", "Kumar"),
        ("nama saya Siti Aminah", "Siti Aminah"),
        ("ako po si Maria Cruz", "Maria Cruz"),
        ("me llamo Juan Pérez", "Juan Pérez"),
        ("meu nome é João Silva", "João Silva"),
        ("je m'appelle Claire Petit", "Claire Petit"),
        ("jina langu ni Asha", "Asha"),
        ("اسمي فاطمة", "فاطمة"),
        ("amar nam Rahim", "Rahim"),
        ("2 cakes pls. Regards, Meera Iyer", "Meera Iyer"),
        (
            "Jane Wanjiku 0712345678 Moi Avenue, Bihi Towers, Nairobi",
            "Jane Wanjiku",
        ),
        ("0771234567 Kasuni Perera", "Kasuni Perera"),
        ("2 soap po. Ana Cruz 0771234567", "Ana Cruz"),
        ("ship to Ravi, 12 MG road, bangalore", "Ravi"),
        (
            "ruwan silva, 24/7 hill street, dehiwala, 0712223344",
            "ruwan silva",
        ),
    ] {
        let found = find(text, Some("LK")).name.map(|f| f.value);
        assert_eq!(found.as_deref(), Some(name), "{text}");
    }
}

#[test]
fn other_words_are_no_names() {
    for text in [
        "im interested in this",
        "i am waiting sis",
        "this is wrong",
        "this is my number 0771234567",
        "write Happy Birthday Rohan on it",
        "name on cake: Rohan",
        "Thanks, Priya",
        "husband 0754443322",
        "can you call 0754443322",
        "hello sis 0754443322",
        "nipo Westlands, simu 0712345678",
    ] {
        assert_eq!(find(text, Some("LK")).name, None, "{text}");
    }
    let goods = |word: &str, _: bool| matches!(word, "ring" | "light");
    assert_eq!(
        find_among("Ring Light 0917 123 4567", Some("PH"), &goods).name,
        None
    );
    assert_eq!(bare_name("Ring Light", &goods), None);
    assert_eq!(bare_name("ring light", &|_, _| false), None);
    assert_eq!(
        bare_name("Lea Ramos", &goods).map(|f| f.value).as_deref(),
        Some("Lea Ramos")
    );
}

#[test]
fn spans_are_the_customers_words() {
    let text = "Ama Silva, 077 123 4567, ama@mail.lk, 12/3 Lake Rd, Matara";
    let found = find(text, Some("LK"));
    let cut = |span: domain::reading::Span| &text[span.start as usize..span.end as usize];
    assert_eq!(cut(found.name.unwrap().span), "Ama Silva");
    assert_eq!(cut(found.phone.unwrap().span), "077 123 4567");
    assert_eq!(cut(found.email.unwrap().span), "ama@mail.lk");
    assert_eq!(cut(found.address.unwrap().span), "12/3 Lake Rd, Matara");
}

const COUNTRIES: [&str; 24] = [
    "LK", "IN", "PH", "ID", "MY", "NG", "KE", "BR", "PT", "MX", "ES", "FR", "AE", "EG", "BD", "PK",
    "US", "GB", "AR", "RU", "IT", "DE", "CN", "XX",
];

proptest! {
    #[test]
    fn any_text_gets_an_answer_with_whole_spans(
        text in prop_oneof![
            any::<String>(),
            "([0-9O]{1,6}|[ +./(),-]{1,2}|\\n|no|flat|st|Ama|@|gmail|address:|jl|c/|شارع|নং){0,24}",
        ],
        country in prop::sample::select(COUNTRIES.as_slice()),
    ) {
        let found = find(&text, Some(country));
        for span in [&found.phone, &found.email, &found.name, &found.address]
            .into_iter()
            .flatten()
            .map(|f| f.span)
        {
            prop_assert!(span.start < span.end);
            prop_assert!(text.get(span.start as usize..span.end as usize).is_some());
        }
        if let Some(number) = found.phone {
            prop_assert!(number.value.starts_with('+'));
            prop_assert!((7..=15).contains(&(number.value.len() - 1)));
            prop_assert!(number.value[1..].bytes().all(|b| b.is_ascii_digit()));
        }
    }
}

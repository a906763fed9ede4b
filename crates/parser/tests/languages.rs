//! Every language, in its own script and as it is romanised, read against one small catalogue: the
//! order after the messages (parted by ` | `), and what the last of them is for.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use domain::catalog::file;
use domain::reading::{Amount, Intent, OrderLine, Standing};
use parser::{Index, Locale};

const CATALOG: &str = r#"{"currency":"USD","products":[
 {"retailer_id":"shirt","title":"Linen Shirt","price":"20","options":[
   {"name":"size","required":true,"values":["S","M","L","XL"]},
   {"name":"color","required":true,"values":["black","white","red","blue","green"]}]},
 {"retailer_id":"soap","title":"Lavender Soap","price":"3"},
 {"retailer_id":"burger","title":"Chicken Burger","price":"6","options":[
   {"name":"extras","multiple":true,"values":["onion","cheese","egg","chilli"]}]},
 {"retailer_id":"lamp","title":"Desk Lamp","price":"30"},
 {"retailer_id":"rice","title":"Basmati Rice","price":"9","options":[
   {"name":"weight","values":["500 g","1 kg","1.5 kg"]}]}
]}"#;

fn show(line: &OrderLine) -> String {
    let mut text = format!("{} {}", line.quantity, line.product);
    for option in &line.options {
        let amount = match option.amount {
            None => "",
            Some(Amount::Extra) => "extra ",
            Some(Amount::Light) => "light ",
        };
        let negated = if option.negated { "no " } else { "" };
        let _ = write!(text, " {negated}{amount}{}", option.value);
    }
    text
}

/// Reads each row as a seller in `country` would get it and names those read otherwise.
fn check(country: &str, rows: &[(&str, &str, Intent)]) {
    let file = file::parse(CATALOG, None).unwrap();
    let locale = Locale {
        country: Some(country.to_owned()),
        currency: Some(file.currency),
    };
    let index = Index::build(&file.products, locale);
    let mut wrong = String::new();
    for (messages, order, intent) in rows {
        let mut standing = Standing::default();
        let mut last = Intent::Other;
        for message in messages.split(" | ") {
            let reading = parser::read(&index, message, &standing);
            last = reading.intent;
            standing = reading.apply(&standing);
        }
        let mut lines: Vec<String> = standing.lines.iter().map(show).collect();
        lines.sort();
        let got = lines.join(", ");
        if got != *order || last != *intent {
            let _ = writeln!(
                wrong,
                "{messages}\n   want {order} {intent:?}\n   got  {got} {last:?}"
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

use Intent::{Amend, Cancel, Confirm, Contact, Order, Other, Question};

#[test]
fn english() {
    check(
        "US",
        &[
            ("two soaps please", "2 soap", Order),
            ("a black linen shirt in M", "1 shirt black M", Order),
            ("gimme 3 lamps", "3 lamp", Order),
            ("half a dozen soaps", "6 soap", Order),
            ("chicken burger without onion", "1 burger no onion", Order),
            ("1 burger with extra cheese", "1 burger extra cheese", Order),
            ("how much is the desk lamp?", "", Question),
            ("do u have the shirt in red", "", Question),
            ("2 soaps | make it 3", "3 soap", Amend),
            ("2 soaps | cancel my order pls", "", Cancel),
            ("1 lamp | yes confirm", "1 lamp", Confirm),
            (
                "2 soaps | my name is Joan Hill, 415 555 2671",
                "2 soap",
                Contact,
            ),
            ("hello there", "", Other),
        ],
    );
}

#[test]
fn hindi() {
    check(
        "IN",
        &[
            ("do soap chahiye", "2 soap", Order),
            ("दो साबुन चाहिए", "2 soap", Order),
            (
                "ek kala linen shirt M size bhej dijiye",
                "1 shirt black M",
                Order,
            ),
            ("teen desk lamp bhej do", "3 lamp", Order),
            ("पाँच साबुन भेज दीजिए", "5 soap", Order),
            ("chicken burger bina pyaz ke", "1 burger no onion", Order),
            ("चिकन बर्गर बिना प्याज", "1 burger no onion", Order),
            ("desk lamp kitne ka hai", "", Question),
            ("साबुन कितने का है", "", Question),
            ("do soap | teen kar do", "3 soap", Amend),
            ("do soap | cancel kar do bhaiya", "", Cancel),
            ("ek desk lamp | haan theek hai confirm", "1 lamp", Confirm),
            (
                "do soap | mera naam Ravi Verma hai, 98200 12345",
                "2 soap",
                Contact,
            ),
            ("dedh kilo basmati rice", "1 rice 1.5 kg", Order),
            (
                "do shirt L, ek kali ek neeli",
                "1 shirt black L, 1 shirt blue L",
                Order,
            ),
            ("soap available hai kya", "", Question),
            ("burger mein pyaz mat daalna", "1 burger no onion", Order),
            ("namaste bhaiya", "", Other),
        ],
    );
}

#[test]
fn sinhala() {
    check(
        "LK",
        &[
            ("soap dekak ona", "2 soap", Order),
            ("සබන් දෙකක් ඕනේ", "2 soap", Order),
            (
                "mata kalu linen shirt ekak M size",
                "1 shirt black M",
                Order,
            ),
            ("desk lamp thunak ewanna", "3 lamp", Order),
            ("soap 4k danna", "4 soap", Order),
            ("chicken burger ekak lunu nathuwa", "1 burger", Order),
            ("burger ekak cheese nathuwa", "1 burger no cheese", Order),
            ("desk lamp eka keeyada", "", Question),
            ("සබන් තියෙනවද", "", Question),
            ("soap dekak | thunak karanna", "3 soap", Amend),
            ("soap dekak | epa cancel karanna", "", Cancel),
            ("desk lamp ekak | ow hari confirm", "1 lamp", Confirm),
            (
                "soap dekak | mage nama Nimal Silva 0772345678",
                "2 soap",
                Contact,
            ),
            ("රතු ෂර්ට් එකක් L", "1 shirt red L", Order),
            ("soap ekai lamp ekai ona", "1 lamp, 1 soap", Order),
            ("lamp eka epa soap ekak denna", "1 soap", Order),
            (
                "rathu shirt L ekakui sudu M ekakui",
                "1 shirt red L, 1 shirt white M",
                Order,
            ),
            ("ayubowan akka", "", Other),
        ],
    );
}

#[test]
fn tamil() {
    check(
        "LK",
        &[
            ("rendu soap venum", "2 soap", Order),
            ("ரெண்டு சோப்பு வேணும்", "2 soap", Order),
            (
                "oru karuppu linen shirt M size anuppunga",
                "1 shirt black M",
                Order,
            ),
            ("moonu desk lamp anuppunga", "3 lamp", Order),
            ("மூன்று சோப்பு அனுப்புங்க", "3 soap", Order),
            ("chicken burger vengayam illama", "1 burger no onion", Order),
            ("desk lamp evlo", "", Question),
            ("சோப்பு என்ன விலை", "", Question),
            ("linen shirt L size irukka", "", Question),
            ("rendu soap | moonu aakunga", "3 soap", Amend),
            ("rendu soap | order vendam cancel pannunga", "", Cancel),
            ("oru desk lamp | seri confirm pannunga", "1 lamp", Confirm),
            (
                "rendu soap | en peyar Kumar Raja, 0772345678",
                "2 soap",
                Contact,
            ),
            ("vanakkam anna", "", Other),
        ],
    );
}

#[test]
fn tagalog() {
    check(
        "PH",
        &[
            ("pabili po ng dalawang soap", "2 soap", Order),
            ("tatlong sabon po", "3 soap", Order),
            ("isang itim na linen shirt medium", "1 shirt black M", Order),
            ("kunin ko po dos desk lamp", "2 lamp", Order),
            ("order ako lima na lavender soap", "5 soap", Order),
            ("chicken burger walang sibuyas", "1 burger no onion", Order),
            (
                "burger po isa, dagdagan ng keso",
                "1 burger extra cheese",
                Order,
            ),
            ("magkano po desk lamp", "", Question),
            ("meron po ba kayong linen shirt na pula", "", Question),
            ("dalawang soap | tatlo na lang pala", "3 soap", Amend),
            ("dalawang soap | wag na lang po", "", Cancel),
            ("isang desk lamp | sige po confirm", "1 lamp", Confirm),
            (
                "dalawang soap | ako po si Maria Cruz, 0917 234 5678",
                "2 soap",
                Contact,
            ),
            ("pwede po ba pa-order ng 2 soap", "2 soap", Order),
            ("yung lamp na lang po, wag na yung soap", "1 lamp", Order),
            ("kumusta po", "", Other),
        ],
    );
}

#[test]
fn indonesian() {
    check(
        "ID",
        &[
            ("mau pesan sabun dua", "2 soap", Order),
            ("kak order lavender soap 3 ya", "3 soap", Order),
            ("linen shirt hitam ukuran M satu", "1 shirt black M", Order),
            ("tolong kirim lima desk lamp", "5 lamp", Order),
            ("saya pesan 2 kemeja putih L", "2 shirt white L", Order),
            ("chicken burger tanpa bawang", "1 burger no onion", Order),
            ("burger satu, keju banyak", "1 burger extra cheese", Order),
            ("harga desk lamp berapa kak", "", Question),
            ("kemeja merah ada ga", "", Question),
            ("sabun dua | jadi tiga ya kak", "3 soap", Amend),
            ("sabun dua | ga jadi kak, batal", "", Cancel),
            ("desk lamp satu | oke fix kak", "1 lamp", Confirm),
            (
                "sabun dua | nama Budi Santoso, 0812 3456 7890",
                "2 soap",
                Contact,
            ),
            ("selamat pagi kak", "", Other),
        ],
    );
}

#[test]
fn malay() {
    check(
        "MY",
        &[
            ("nak order sabun dua", "2 soap", Order),
            ("sis nak lavender soap 3 biji", "3 soap", Order),
            ("kemeja hitam saiz M sehelai", "1 shirt black M", Order),
            ("tolong hantar lima desk lamp", "5 lamp", Order),
            ("saya nak 2 kemeja putih L", "2 shirt white L", Order),
            ("chicken burger taknak bawang", "1 burger no onion", Order),
            ("burger satu lebih keju", "1 burger extra cheese", Order),
            ("desk lamp berapa sis", "", Question),
            ("kemeja merah ada lagi tak", "", Question),
            ("sabun dua | tukar jadi tiga", "3 soap", Amend),
            ("sabun dua | tak jadi sis, cancel", "", Cancel),
            ("desk lamp satu | ok confirm sis", "1 lamp", Confirm),
            (
                "sabun dua | nama saya Farah, 012-345 6789",
                "2 soap",
                Contact,
            ),
            ("assalamualaikum sis", "", Other),
        ],
    );
}

#[test]
fn spanish() {
    check(
        "MX",
        &[
            ("quiero dos jabones por favor", "2 soap", Order),
            ("me das tres lavender soap", "3 soap", Order),
            ("una camisa negra talla M", "1 shirt black M", Order),
            ("mandame cinco desk lamp", "5 lamp", Order),
            (
                "quisiera 2 camisas blancas grandes",
                "2 shirt white L",
                Order,
            ),
            ("chicken burger sin cebolla", "1 burger no onion", Order),
            (
                "una chicken burger con mucho queso",
                "1 burger extra cheese",
                Order,
            ),
            ("cuanto cuesta la desk lamp", "", Question),
            ("tienes la camisa en rojo?", "", Question),
            ("dos jabones | mejor que sean tres", "3 soap", Amend),
            (
                "dos jabones | ya no los quiero, cancela por favor",
                "",
                Cancel,
            ),
            ("una desk lamp | si, confirmo", "1 lamp", Confirm),
            (
                "dos jabones | me llamo Ana López, 55 1234 5678",
                "2 soap",
                Contact,
            ),
            (
                "dos camisas L, una roja y una azul",
                "1 shirt blue L, 1 shirt red L",
                Order,
            ),
            ("me puedes mandar 3 jabones?", "3 soap", Order),
            ("ayer compre 2 jabones y muy bien", "", Other),
            ("hola buenas tardes", "", Other),
        ],
    );
}

#[test]
fn portuguese() {
    check(
        "BR",
        &[
            ("quero dois sabonetes por favor", "2 soap", Order),
            ("me vê três lavender soap", "3 soap", Order),
            ("uma camisa preta tamanho M", "1 shirt black M", Order),
            ("manda cinco desk lamp", "5 lamp", Order),
            ("queria 2 camisas brancas grandes", "2 shirt white L", Order),
            ("chicken burger sem cebola", "1 burger no onion", Order),
            (
                "um chicken burger com bastante queijo",
                "1 burger extra cheese",
                Order,
            ),
            ("quanto custa a desk lamp", "", Question),
            ("tem a camisa em vermelho?", "", Question),
            ("dois sabonetes | muda para três", "3 soap", Amend),
            ("dois sabonetes | não quero mais, pode cancelar", "", Cancel),
            ("uma desk lamp | pode confirmar", "1 lamp", Confirm),
            (
                "dois sabonetes | meu nome é João Silva, 11 91234-5678",
                "2 soap",
                Contact,
            ),
            ("oi bom dia", "", Other),
        ],
    );
}

#[test]
fn french() {
    check(
        "FR",
        &[
            ("je veux deux savons svp", "2 soap", Order),
            ("je prends trois lavender soap", "3 soap", Order),
            ("une chemise noire taille M", "1 shirt black M", Order),
            ("envoyez moi cinq desk lamp", "5 lamp", Order),
            (
                "je voudrais 2 chemises blanches L",
                "2 shirt white L",
                Order,
            ),
            ("un chicken burger sans oignon", "1 burger no onion", Order),
            (
                "un chicken burger avec beaucoup de fromage",
                "1 burger extra cheese",
                Order,
            ),
            ("c'est combien la desk lamp", "", Question),
            ("vous avez la chemise en rouge ?", "", Question),
            ("deux savons | finalement trois", "3 soap", Amend),
            ("deux savons | je veux annuler ma commande", "", Cancel),
            ("une desk lamp | oui je confirme", "1 lamp", Confirm),
            (
                "deux savons | je m'appelle Claire Petit, 06 12 34 56 78",
                "2 soap",
                Contact,
            ),
            ("bonjour", "", Other),
        ],
    );
}

#[test]
fn arabic() {
    check(
        "AE",
        &[
            ("abgha soap itnein law sama7ti", "2 soap", Order),
            ("ابغى صابون اثنين", "2 soap", Order),
            ("3ayez 3 lavender soap", "3 soap", Order),
            ("عايزة 3 صابون", "3 soap", Order),
            ("biddi linen shirt aswad M", "1 shirt black M", Order),
            ("بدي قميص أسود M", "1 shirt black M", Order),
            ("chicken burger bidoon basal", "1 burger no onion", Order),
            ("bikam el desk lamp", "", Question),
            ("بكم القميص", "", Question),
            ("fi linen shirt a7mar?", "", Question),
            ("abgha soap itnein | khaliha talata", "3 soap", Amend),
            ("abgha soap itnein | elghi el talab", "", Cancel),
            ("abgha desk lamp | aywa akked", "1 lamp", Confirm),
            (
                "abgha soap itnein | esmi Fatma, 050 123 4567",
                "2 soap",
                Contact,
            ),
            ("ابغى صابون والقميص الاحمر M", "1 shirt red M, 1 soap", Order),
            ("عندكم قميص احمر؟", "", Question),
            ("السلام عليكم", "", Other),
        ],
    );
}

#[test]
fn swahili() {
    check(
        "KE",
        &[
            ("nataka sabuni mbili", "2 soap", Order),
            ("naomba lavender soap tatu", "3 soap", Order),
            ("shati nyeusi size M moja", "1 shirt black M", Order),
            ("nitumie desk lamp tano", "5 lamp", Order),
            ("nahitaji mashati mawili nyeupe L", "2 shirt white L", Order),
            ("chicken burger bila kitunguu", "1 burger no onion", Order),
            ("desk lamp ni bei gani", "", Question),
            ("mko na shati nyekundu?", "", Question),
            ("sabuni mbili | fanya iwe tatu", "3 soap", Amend),
            ("sabuni mbili | ghairi order tafadhali", "", Cancel),
            ("desk lamp moja | sawa nathibitisha", "1 lamp", Confirm),
            (
                "sabuni mbili | jina langu ni Asha, 0712345678",
                "2 soap",
                Contact,
            ),
            (
                "mashati mawili L, moja nyekundu na moja bluu",
                "1 shirt blue L, 1 shirt red L",
                Order,
            ),
            ("lamp moja | ongeza nyingine", "2 lamp", Amend),
            ("habari dada", "", Other),
        ],
    );
}

#[test]
fn pidgin() {
    check(
        "NG",
        &[
            ("abeg i wan two soap", "2 soap", Order),
            ("abeg send 3 lavender soap", "3 soap", Order),
            (
                "i go take one black linen shirt M",
                "1 shirt black M",
                Order,
            ),
            ("make una send five desk lamp", "5 lamp", Order),
            ("i wan buy 2 white linen shirt L", "2 shirt white L", Order),
            (
                "one chicken burger, no put onion",
                "1 burger no onion",
                Order,
            ),
            ("how much be desk lamp", "", Question),
            ("una get red linen shirt?", "", Question),
            ("two soap | abeg make am three", "3 soap", Amend),
            ("two soap | abeg cancel am, i no want again", "", Cancel),
            ("one desk lamp | oya confirm am", "1 lamp", Confirm),
            (
                "two soap | my name na Chidi Okeke, 08031234567",
                "2 soap",
                Contact,
            ),
            ("una well done o", "", Other),
        ],
    );
}

#[test]
fn urdu() {
    check(
        "PK",
        &[
            ("do soap chahiye", "2 soap", Order),
            ("دو صابن چاہیے", "2 soap", Order),
            (
                "aik kala linen shirt M size bhej dain",
                "1 shirt black M",
                Order,
            ),
            ("teen desk lamp bhej dain", "3 lamp", Order),
            ("پانچ صابن بھیج دیں", "5 soap", Order),
            ("chicken burger baghair pyaz", "1 burger no onion", Order),
            ("desk lamp kitnay ka hai", "", Question),
            ("صابن کی قیمت کیا ہے", "", Question),
            ("do soap | teen kar dain", "3 soap", Amend),
            ("do soap | rehne dain cancel kar dain", "", Cancel),
            (
                "aik desk lamp | jee theek hai confirm kar dain",
                "1 lamp",
                Confirm,
            ),
            (
                "do soap | mera naam Ayesha Khan hai, 0300 1234567",
                "2 soap",
                Contact,
            ),
            ("assalam o alaikum", "", Other),
        ],
    );
}

#[test]
fn bengali() {
    check(
        "BD",
        &[
            ("duita soap lagbe", "2 soap", Order),
            ("দুইটা সাবান লাগবে", "2 soap", Order),
            ("ekta kalo linen shirt M size den", "1 shirt black M", Order),
            ("tinta desk lamp pathan", "3 lamp", Order),
            ("৫টা সাবান পাঠান", "5 soap", Order),
            ("chicken burger peyaj chara", "1 burger no onion", Order),
            ("desk lamp koto", "", Question),
            ("সাবানের দাম কত", "", Question),
            ("linen shirt lal ache?", "", Question),
            ("duita soap | tinta kore den", "3 soap", Amend),
            ("duita soap | lagbe na, cancel koren", "", Cancel),
            (
                "ekta desk lamp | ji thik ache confirm koren",
                "1 lamp",
                Confirm,
            ),
            (
                "duita soap | amar nam Rahim Uddin, 01712345678",
                "2 soap",
                Contact,
            ),
            (
                "L size er duita shirt, ekta lal ekta nil",
                "1 shirt blue L, 1 shirt red L",
                Order,
            ),
            ("ekta desk lamp | ar ekta diben", "2 lamp", Amend),
            ("assalamu alaikum apu", "", Other),
        ],
    );
}

/// Latin names written by ear in the customer's script.
#[test]
fn names_in_another_script() {
    check(
        "IN",
        &[
            ("२ लिनन शर्ट ब्लैक M", "2 shirt black M", Order),
            ("लैवेंडर सोप ३", "3 soap", Order),
            ("डेस्क लैंप एक", "1 lamp", Order),
            ("২ ডেস্ক ল্যাম্প", "2 lamp", Order),
            ("மேரா நாம் ரமேஷ்", "", Other),
        ],
    );
    check("AE", &[("ابي ٣ ديسك لامب", "3 lamp", Order)]);
}

#[test]
fn what_was_chosen_last_is_of_the_product_that_has_it() {
    check(
        "IN",
        &[
            (
                "ek linen shirt white M aur ek blue L, basmati bhi 1 kg",
                "1 rice 1 kg, 1 shirt blue L, 1 shirt white M",
                Order,
            ),
            (
                "1 linen shirt M white or ek blue chahiye, soap bhi",
                "1 shirt blue M, 1 shirt white M, 1 soap",
                Order,
            ),
        ],
    );
    check("PH", &[("lavender soap po, dalawa po", "2 soap", Order)]);
}

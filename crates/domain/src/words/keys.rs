//! The sentences there are, each with its variables.

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $id:literal [$($variable:literal),*];)*) => {
        /// A sentence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Key {
            $($(#[$doc])* $name,)*
        }

        impl Key {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }

            /// The variables that it uses.
            #[must_use]
            pub const fn variables(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($variable),*],)*
                }
            }
        }
    };
}

keys! {
    /// A first word to somebody new.
    Greet = "greet" ["shop"];
    /// Above a numbered list of products that fit equally well.
    AskWhich = "ask-which" ["words"];
    /// Above a numbered list of products that are near to one we do not have.
    AskNearest = "ask-nearest" ["words"];
    /// There is nothing near it; the seller will look.
    NoSuch = "no-such" ["words"];
    /// Which value of an option.
    AskOption = "ask-option" ["product", "option"];
    /// Less is there than wanted.
    AskStock = "ask-stock" ["product", "free"];
    /// Nothing is left.
    SoldOut = "sold-out" ["product"];
    /// Which contact details are needed.
    AskDetails = "ask-details" ["details"];
    /// The word for it in [`Key::AskDetails`].
    DetailName = "detail-name" [];
    /// The word for it in [`Key::AskDetails`].
    DetailPhone = "detail-phone" [];
    /// The word for it in [`Key::AskDetails`].
    DetailEmail = "detail-email" [];
    /// The word for it in [`Key::AskDetails`].
    DetailAddress = "detail-address" [];
    /// Above the lines.
    ReadBack = "read-back" [];
    /// Below them.
    ReadBackQuestion = "read-back-question" [];
    /// Before the sum of the lines.
    Subtotal = "subtotal" [];
    /// Before the discount.
    Discount = "discount" [];
    /// Before the delivery fee.
    Delivery = "delivery" [];
    /// Before the tax that is added.
    Tax = "tax" [];
    /// The tax that is contained.
    TaxIncluded = "tax-included" ["amount"];
    /// Before the total.
    Total = "total" [];
    /// Before the customer's details.
    DeliverTo = "deliver-to" ["details"];
    /// A negated choice.
    Without = "without" ["value"];
    /// Much of a choice.
    Extra = "extra" ["value"];
    /// Little of a choice.
    Light = "light" ["value"];
    /// Button: yes to the read-back.
    Confirm = "button-confirm" [];
    /// Button: something is to be changed.
    Change = "button-change" [];
    /// Button: the whole is called off.
    Cancel = "button-cancel" [];
    /// Button: none of the answers.
    NoneOfThese = "button-none" [];
    /// Button: take what is there.
    TakeFree = "button-take" ["free"];
    /// Button: without this line.
    LeaveOut = "button-leave-out" [];
    /// Button: tell me when it is back.
    Wait = "button-wait" [];
    /// Button: note the product that was asked about.
    OrderIt = "button-order" [];
    /// What to change.
    AskChange = "ask-change" [];
    /// The order lost its last line.
    Empty = "empty" [];
    /// The yes arrived; the seller will confirm.
    Thank = "thank" [];
    /// Something was noted; a person will go on.
    Noted = "noted" [];
    /// The order is confirmed; lines and sums follow.
    Confirmed = "confirmed" ["number"];
    /// The seller cannot take the order.
    Rejected = "rejected" [];
    /// The draft order is called off.
    Cancelled = "cancelled" [];
    /// There is nothing to call off.
    NothingToCancel = "nothing-to-cancel" [];
    /// A confirmed order is to be called off: the seller was told.
    CancelAsked = "cancel-asked" [];
    /// A confirmed order is to be changed: the seller was told.
    ChangeAsked = "change-asked" [];
    /// A message that a person will answer.
    Hold = "hold" [];
    /// Price, and it can be had.
    Available = "available" ["product", "price"];
    /// Price, and few are left.
    FewLeft = "few-left" ["product", "price", "free"];
    /// Price, and none is left.
    NoneLeft = "none-left" ["product", "price"];
    /// The lowest of several prices.
    FromPrice = "from-price" ["price"];
    /// Whether to note the product that was asked about.
    Offer = "offer" [];
    /// Whether to tell when the sold out product that was asked about is back.
    OfferWait = "offer-wait" [];
    /// A message that cannot be read.
    InWords = "in-words" [];
    /// A button is too old; the order as it is now follows.
    Again = "again" [];
    /// On the waiting list.
    Waiting = "waiting" ["product"];
    /// What somebody waits for is back.
    Back = "back" ["product"];
}

impl Key {
    /// The sentence of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.as_str() == name)
    }
}

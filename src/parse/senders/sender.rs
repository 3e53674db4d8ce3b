//! The implementations whose reading is known, by name.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// An implementation whose reading is known.
    pub enum Sender {
        /// <https://github.com/albertito/chasquid>
        Chasquid = "chasquid",
        /// <https://github.com/foxcpp/go-mtasts>, the library of maddy.
        GoMtasts = "go-mtasts",
        /// <https://github.com/KumoCorp/kumomta>
        Kumomta = "kumomta",
        /// <https://github.com/postalsys/mailauth>, the library of ZoneMTA.
        Mailauth = "mailauth",
        /// <https://github.com/mjl-/mox>
        Mox = "mox",
        /// <https://github.com/Snawoot/postfix-mta-sts-resolver>
        PostfixMtaStsResolver = "postfix-mta-sts-resolver",
        /// <https://github.com/Zuplu/postfix-tlspol>
        PostfixTlspol = "postfix-tlspol",
        /// <https://github.com/stalwartlabs/stalwart>
        Stalwart = "stalwart",
    }
}

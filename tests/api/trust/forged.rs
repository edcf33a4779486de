//! Forged and misdirected tokens: none gets through, and none that is not the issuer's causes a call.

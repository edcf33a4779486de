//! JSON Web Keys, RFC 7517: the public keys that verify assertions. Pure.

pub mod key;
pub mod key_set;

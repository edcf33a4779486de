//! Signs tokens with any header and claims, also such as no library would make. Not built from the code under test.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

/// A key pair with its `kid`.
pub struct Signer {
    pub kid: String,
    key: Key,
}

enum Key {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
}

impl Signer {
    pub fn rsa(kid: &str) -> Self {
        Self { kid: kid.to_owned(), key: Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()) }
    }

    pub fn p256(kid: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { kid: kid.to_owned(), key: Key::P256(key) }
    }

    pub fn p384(kid: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        Self { kid: kid.to_owned(), key: Key::P384(key) }
    }

    /// The algorithm that it signs with by default.
    pub fn alg(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => "RS256",
            Key::P256(_) => "ES256",
            Key::P384(_) => "ES384",
        }
    }

    /// The public key, without `alg`.
    pub fn jwk(&self) -> Value {
        let encode = |bytes: &[u8]| BASE64URL.encode(bytes);
        let ec = |key: &EcdsaKeyPair, curve: &str| {
            let point = &key.public_key().as_ref()[1..];
            let (x, y) = point.split_at(point.len() / 2);
            json!({"kty": "EC", "crv": curve, "kid": self.kid, "x": encode(x), "y": encode(y)})
        };
        match &self.key {
            Key::Rsa(key) => {
                let (n, e) = (key.public_key().modulus(), key.public_key().exponent());
                let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
                json!({"kty": "RSA", "kid": self.kid, "n": encode(n), "e": encode(e)})
            }
            Key::P256(key) => ec(key, "P-256"),
            Key::P384(key) => ec(key, "P-384"),
        }
    }

    /// The public key with these members changed; `null` removes one.
    pub fn jwk_with(&self, changes: &Value) -> Value {
        changed(&self.jwk(), changes)
    }

    /// The header that it signs with by default.
    pub fn header(&self) -> Value {
        json!({"alg": self.alg(), "kid": self.kid, "typ": "JWT"})
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    /// A token whose header has these changes.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.sign(&changed(&self.header(), header).to_string(), &claims.to_string())
    }

    /// A token with this header and these claims, whatever they are. The header's `alg` chooses the algorithm, if the key can.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let input = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
        let alg = ["PS256", "RS384"].into_iter().find(|alg| header.contains(alg)).unwrap_or(self.alg());
        let signature = self.signature(alg, &input);
        format!("{input}.{}", BASE64URL.encode(signature))
    }

    /// `token` with these changes of its claims, signed by this key.
    pub fn sign_again(&self, token: &str, changes: &Value) -> String {
        let decode = |part: &str| String::from_utf8(BASE64URL.decode(part).unwrap()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let claims: Value = serde_json::from_str(&decode(parts[1])).unwrap();
        self.sign(&decode(parts[0]), &changed(&claims, changes).to_string())
    }

    fn signature(&self, alg: &str, input: &str) -> Vec<u8> {
        let (random, input) = (SystemRandom::new(), input.as_bytes());
        match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                match alg {
                    "PS256" => key.sign(&RSA_PSS_SHA256, &random, input, &mut signature).unwrap(),
                    "RS384" => key.sign(&RSA_PKCS1_SHA384, &random, input, &mut signature).unwrap(),
                    _ => key.sign(&RSA_PKCS1_SHA256, &random, input, &mut signature).unwrap(),
                }
                signature
            }
            Key::P256(key) | Key::P384(key) => key.sign(&random, input).unwrap().as_ref().to_vec(),
        }
    }

    /// A token with an HMAC, keyed by `secret`.
    pub fn hmac(header: &Value, claims: &Value, secret: &[u8]) -> String {
        let input = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        format!("{input}.{}", BASE64URL.encode(tag))
    }
}

/// `object` with these members; `null` removes one.
pub fn changed(object: &Value, changes: &Value) -> Value {
    let mut object = object.clone();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object
}

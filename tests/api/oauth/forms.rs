//! Forms and queries (RFC 6749 §3.1, §3.2, appendix B), compared with a second decoder.

use evergrant::oauth::error::ErrorCode;
use evergrant::oauth::form::{Form, parse};
use evergrant::oauth::query::{Parameter, append};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use proptest::prelude::*;
use url::{Url, form_urlencoded};

/// Forms with few names, so that parameters are often repeated, and with every kind of escape.
fn forms() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ab]", 2 => Just("=".to_owned()), 2 => Just("&".to_owned()), 1 => Just("+".to_owned()),
        1 => Just("%61".to_owned()), 1 => Just("%3D".to_owned()), 1 => Just("%C3%A4".to_owned()), 1 => Just("%2B".to_owned()),
        1 => Just("%".to_owned()), 1 => Just("%FF".to_owned()), 1 => Just("\u{e4}".to_owned())
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// The values of `name`, and whether the decoder had to replace something in `text`.
fn decoded(text: &str, name: &str) -> (Vec<String>, bool) {
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    let is_replaced = pairs.iter().any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}'));
    (pairs.into_iter().filter(|(found, _)| found == name).map(|(_, value)| value.into_owned()).collect(), is_replaced)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_form_is_read_as_by_another_decoder_or_refused(form in forms()) {
        let (values, is_replaced) = decoded(&form, "a");
        match parse(form.as_bytes(), ["a"]) {
            Err(error) => {
                prop_assert_eq!(error.error, ErrorCode::InvalidRequest);
                prop_assert!(is_replaced || values.len() > 1, "{}", form);
            }
            Ok([found]) => {
                prop_assert!(!is_replaced && values.len() < 2, "{}", form);
                let expected = values.into_iter().next().filter(|value| !value.is_empty());
                prop_assert_eq!(found.map(std::borrow::Cow::into_owned), expected, "{}", form);
            }
        }
    }

    #[test]
    fn a_query_is_read_as_by_another_decoder_or_is_unclear(query in forms()) {
        let (values, _) = decoded(&query, "a");
        match Parameter::find(&query, "a") {
            Parameter::Absent => prop_assert!(values.is_empty() || values == [String::new()], "{}", query),
            Parameter::Once(value) => prop_assert_eq!(values, [value]),
            Parameter::Unclear => prop_assert!(values.len() > 1 || values[0].contains('\u{fffd}'), "{}", query),
        }
    }

    #[test]
    fn added_parameters_are_the_same_to_every_decoder(value in "\\PC{0,20}", other in "[ -~]{0,20}", has_query in any::<bool>()) {
        let uri = if has_query { "https://client.example/cb?x=%2f+1" } else { "https://client.example/cb" };
        let added = append(uri, &[("state", &value), ("iss", &other)]);
        prop_assert!(added.starts_with(uri) && added.is_ascii() && !added.contains([' ', '#']), "{}", added);
        prop_assert!(!added[uri.len()..].contains('+'), "only form decoders read it as a space: {}", added);
        let url = Url::parse(&added).unwrap();
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let expected = [("state".to_owned(), value), ("iss".to_owned(), other)];
        prop_assert_eq!(&pairs[usize::from(has_query)..], expected);
    }
}

#[test]
fn only_a_form_is_read_as_a_form() {
    let read = |content_types: &[&str]| {
        let mut headers = HeaderMap::new();
        for content_type in content_types {
            headers.append(CONTENT_TYPE, content_type.parse().unwrap());
        }
        let form = Form { headers, query: Some("a=query".to_owned()), body: "a=body".into() };
        form.parameters(["a"]).map(|[value]| value.map(std::borrow::Cow::into_owned)).map_err(|error| error.error)
    };
    for good in [
        "application/x-www-form-urlencoded",
        "APPLICATION/X-WWW-FORM-URLENCODED",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded;charset=iso-8859-1;boundary=x",
        " application/x-www-form-urlencoded ;",
    ] {
        assert_eq!(read(&[good]), Ok(Some("body".to_owned())), "{good}");
    }
    for bad in [
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded2",
        "x-www-form-urlencoded",
        "application/x-www-form-urlencoded, application/json",
        ";application/x-www-form-urlencoded",
    ] {
        assert_eq!(read(&[bad]), Err(ErrorCode::InvalidRequest), "{bad}");
    }
    assert_eq!(read(&[]), Err(ErrorCode::InvalidRequest));
    let form = "application/x-www-form-urlencoded";
    assert_eq!(read(&[form, form]), Err(ErrorCode::InvalidRequest), "two headers");
}

#[test]
fn the_query_of_a_uri_is_kept_whatever_it_is() {
    for (uri, expected) in [
        ("https://c.example/cb", "https://c.example/cb?code=1&iss=https%3A%2F%2Fe.example"),
        ("https://c.example", "https://c.example?code=1&iss=https%3A%2F%2Fe.example"),
        ("https://c.example/cb?", "https://c.example/cb?code=1&iss=https%3A%2F%2Fe.example"),
        ("https://c.example/cb?a=1", "https://c.example/cb?a=1&code=1&iss=https%3A%2F%2Fe.example"),
        ("https://c.example/cb?a=1&", "https://c.example/cb?a=1&code=1&iss=https%3A%2F%2Fe.example"),
        ("https://c.example/cb?code=0", "https://c.example/cb?code=0&code=1&iss=https%3A%2F%2Fe.example"),
        ("https://c.example/cb?a?b", "https://c.example/cb?a?b&code=1&iss=https%3A%2F%2Fe.example"),
        ("http://[::1]:9/cb?a=%2f+", "http://[::1]:9/cb?a=%2f+&code=1&iss=https%3A%2F%2Fe.example"),
    ] {
        assert_eq!(append(uri, &[("code", "1"), ("iss", "https://e.example")]), expected);
    }
    assert_eq!(append("https://c.example/cb", &[]), "https://c.example/cb");
}

#[test]
fn a_blank_parameter_is_absent_and_a_repeated_one_unclear_even_if_blank() {
    for (query, expected) in [
        ("", Parameter::Absent),
        ("a", Parameter::Absent),
        ("a=", Parameter::Absent),
        ("A=1", Parameter::Absent),
        ("a=%20", Parameter::Once(" ".to_owned())),
        ("a=+", Parameter::Once(" ".to_owned())),
        ("a=1=2", Parameter::Once("1=2".to_owned())),
        ("b=a=2&a=1", Parameter::Once("1".to_owned())),
        ("a&a", Parameter::Unclear),
        ("a=&a=", Parameter::Unclear),
        ("a=1&a", Parameter::Unclear),
        ("a=%C3", Parameter::Unclear),
        ("%61=1&a=1", Parameter::Unclear),
    ] {
        assert_eq!(Parameter::find(query, "a"), expected, "{query}");
        let value = Parameter::find(query, "a").value_or("unclear");
        let read = match expected {
            Parameter::Absent => Ok(None),
            Parameter::Once(value) => Ok(Some(value)),
            Parameter::Unclear => Err("unclear"),
        };
        assert_eq!(value, read, "{query}");
    }
}

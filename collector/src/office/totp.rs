//! Codes of an authenticator app (TOTP, RFC 6238: SHA-1, six digits, half a minute), as every such app has them.

use consent_core::time::Millis;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::choice::escaped;
use crate::keys::{self, KeysError, factors::TOTP_BYTES};

/// Digits of a code.
pub const DIGITS: usize = 6;
/// Seconds that a code is shown for.
const STEP: u64 = 30;
/// Steps that an app's clock may be off by (RFC 6238, section 5.2).
const OFF: u16 = 1;
/// What apps show in front of the account.
const ISSUER: &str = "Ashiato";

/// A secret that nobody can guess.
///
/// # Errors
/// Where the system has no random numbers.
pub fn secret() -> Result<Zeroizing<[u8; TOTP_BYTES]>, KeysError> {
    keys::random().map(Zeroizing::new)
}

fn totp(secret: &[u8; TOTP_BYTES]) -> Option<Totp> {
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(OFF);
    builder.with_step_duration(STEP).with_secret(Secret::new_stack(*secret)).build().ok()
}

/// The step whose code that is, of those that may be shown now. Whoever takes it sees to it that none is taken twice.
#[must_use]
pub fn step(secret: &[u8; TOTP_BYTES], code: &str, now: Millis) -> Option<i64> {
    let code = digits(code)?;
    let step = totp(secret)?.check(&code, u64::try_from(now.seconds()).ok()?)?;
    i64::try_from(step).ok()
}

/// The digits of a code as it was written: with spaces, or in the wide digits of a Japanese keyboard.
#[must_use]
pub fn digits(text: &str) -> Option<String> {
    let one = |letter: char| match letter {
        '0'..='9' => Some(letter),
        '０'..='９' => char::from_u32(u32::from(letter) - u32::from('０') + u32::from('0')),
        _ => None,
    };
    let written = text.chars().filter(|letter| !letter.is_whitespace());
    let digits: String = written.map(one).collect::<Option<_>>()?;
    (digits.len() == DIGITS).then_some(digits)
}

/// The secret as it is typed into an app: base 32 (RFC 4648, section 6), in groups of four.
#[must_use]
pub fn letters(secret: &[u8; TOTP_BYTES]) -> Zeroizing<String> {
    let letters = Zeroizing::new(Secret::new_stack(*secret).to_base32());
    let groups = letters.as_bytes().chunks(4).map(String::from_utf8_lossy);
    Zeroizing::new(groups.collect::<Vec<_>>().join(" "))
}

/// What an app reads from a picture (the Key Uri Format, which every app takes).
#[must_use]
pub fn address(secret: &[u8; TOTP_BYTES], email: &str, host: &str) -> Zeroizing<String> {
    let letters = Zeroizing::new(letters(secret).replace(' ', ""));
    let host: String =
        host.chars().map(|letter| if letter == ':' { ' ' } else { letter }).collect();
    let (issuer, email) = (escaped(&format!("{ISSUER} {host}")), escaped(email));
    Zeroizing::new(format!(
        "otpauth://totp/{issuer}:{email}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        *letters
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[u8; TOTP_BYTES] = b"12345678901234567890";

    /// RFC 6238, appendix B, SHA-1: eight digits there, of which six are the last.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59_i64, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let now = Millis(seconds * 1_000);
            assert_eq!(step(KNOWN, &code[2..], now), Some(seconds / 30), "{seconds}");
            assert_eq!(step(KNOWN, code, now), None, "eight digits are none of ours");
        }
    }

    #[test]
    fn a_clock_may_be_off_by_half_a_minute_and_no_more() {
        let at = |seconds: i64| step(KNOWN, "050471", Millis(seconds * 1_000));
        let own = 1_111_111_111 / 30;
        assert_eq!([-30, 0, 18, 30].map(|off| at(1_111_111_111 + off)), [Some(own); 4]);
        assert_eq!([-62, 60].map(|off| at(1_111_111_111 + off)), [None; 2]);
        assert_eq!(step(&[0; TOTP_BYTES], "050471", Millis(1_111_111_111_000)), None);
        assert_eq!(step(KNOWN, "050471", Millis(-1)), None);
    }

    #[test]
    fn a_code_is_read_however_it_is_written() {
        for written in ["050471", " 050 471 ", "０５０４７１", "050\u{3000}471"] {
            assert_eq!(digits(written).as_deref(), Some("050471"), "{written}");
        }
        for other in ["", "50471", "0504711", "05047a", "-50471", "05 04 7l"] {
            assert_eq!(digits(other), None, "{other}");
        }
    }

    #[test]
    fn the_secret_is_told_in_letters_and_in_an_address() {
        assert_eq!(*letters(KNOWN), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            *address(KNOWN, "mika+a@shop.example", "office.example:8443"),
            "otpauth://totp/Ashiato%20office.example%208443:mika%2Ba%40shop.example?\
             secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Ashiato%20office.example%208443&\
             algorithm=SHA1&digits=6&period=30"
        );
        assert_ne!(*secret().unwrap(), *secret().unwrap());
    }
}

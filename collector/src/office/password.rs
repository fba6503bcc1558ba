//! Passwords: which are good enough, and how they are kept (Argon2id, RFC 9106, with the parameters that OWASP
//! gives for it: 19 MiB, two passes, one lane).

use std::sync::LazyLock;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::SaltString,
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::keys;

/// Letters of a password, at least: as many as NIST SP 800-63B asks for (section 5.1.1.2). A longer rule would refuse
/// a Japanese phrase that nobody guesses, and take `password1234`: how hard one is to guess is judged by itself.
pub const LEAST: usize = 8;
/// Guesses that it takes to find one, at least. Argon2id and the delay on failures give nobody the time for that many,
/// neither at the log-in nor with a stolen database.
const GUESSES: u64 = 100_000_000;
/// Bytes of a password, at most.
pub const MOST: usize = 256;
/// Passwords that are worked on at once: each takes 19 MiB and a processor.
const AT_ONCE: usize = 2;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// Fewer than [`LEAST`] letters.
    Short,
    /// More than [`MOST`] bytes.
    Long,
    /// Soon guessed: known, a pattern, or made of what anybody knows about the account.
    Guessed,
}

/// Whether somebody of that address may take that password. Any letters will do, as long as they are hard to guess.
///
/// # Errors
/// Why not.
pub fn check(password: &str, email: &str) -> Result<(), Weak> {
    if password.chars().count() < LEAST {
        return Err(Weak::Short);
    }
    if password.len() > MOST {
        return Err(Weak::Long);
    }
    let known: Vec<&str> =
        email.split(['@', '.', '-', '_', '+']).chain([email, "ashiato", "足跡"]).collect();
    // What anybody knows about the account counts nothing: what is left has to be long enough to be guessed at.
    let own = known.iter().filter(|part| part.chars().count() > 2);
    let left = own.fold(password.to_lowercase(), |left, part| left.replace(part, ""));
    // Passwords known from breaches are among what it tries first.
    let guesses = zxcvbn::zxcvbn(password, &known).guesses();
    if guesses >= GUESSES && left.chars().count() >= LEAST { Ok(()) } else { Err(Weak::Guessed) }
}

fn argon2() -> Argon2<'static> {
    let Ok(params) = Params::new(19_456, 2, 1, None) else {
        unreachable!("these are within what Argon2 takes (RFC 9106, section 3.1)")
    };
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Why a password cannot be worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("passwords cannot be worked on: no random numbers, memory, or thread to be had")]
pub struct Unworkable;

/// One at a time for each place: a crowd that logs in takes no more memory than [`AT_ONCE`] of them.
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Keeps processors for everything else: whoever comes waits for a place.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Unworkable> + Send + 'static,
) -> Result<T, Unworkable> {
    let _place = PLACES.acquire().await.map_err(|_| Unworkable)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| Unworkable)?
}

fn hashed(password: &[u8]) -> Result<String, Unworkable> {
    let random = keys::random::<16>().map_err(|_| Unworkable)?;
    let salt = SaltString::encode_b64(&random).map_err(|_| Unworkable)?;
    let hash = argon2().hash_password(password, &salt).map_err(|_| Unworkable)?;
    Ok(hash.to_string())
}

/// A password as it is kept.
///
/// # Errors
/// Where that cannot be worked out.
pub async fn hash(password: String) -> Result<String, Unworkable> {
    let password = Zeroizing::new(password);
    apart(move || hashed(password.as_bytes())).await
}

/// Stands for the password that an account has not, so that an address without an account takes as long.
static NONE: LazyLock<Result<String, Unworkable>> =
    LazyLock::new(|| hashed(&keys::random::<32>().map_err(|_| Unworkable)?));

/// Makes ready what the first log-in would wait for.
///
/// # Errors
/// Where that cannot be worked out.
pub async fn prepare() -> Result<(), Unworkable> {
    apart(|| NONE.clone().map(drop)).await
}

/// Whether it is the password that is kept. Without one to compare with it takes as long, and is not.
///
/// # Errors
/// Where that cannot be worked out.
pub async fn verify(password: String, kept: Option<String>) -> Result<bool, Unworkable> {
    let password = Zeroizing::new(password);
    apart(move || {
        let (known, kept) = match kept {
            Some(kept) => (true, kept),
            None => (false, NONE.clone()?),
        };
        let hash = PasswordHash::new(&kept).map_err(|_| Unworkable)?;
        let is_it = argon2().verify_password(password.as_bytes(), &hash).is_ok();
        Ok(is_it && known)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_known_and_guessable_passwords_are_refused_and_any_letters_taken() {
        let email = "mika.tanaka@shop.example";
        assert_eq!(check("aB3$xY9", email), Err(Weak::Short));
        assert_eq!(check("縁側でお茶をの", email), Err(Weak::Short));
        for known in [
            "password",
            "password1234",
            "iloveyou",
            "sakura2024",
            "zxcvbnm,",
            "dragon99",
            "縁縁縁縁縁縁縁縁",
            "mika.tanaka.2024!",
            "qwertyuiop12",
            "aaaaaaaaaaaaaaa",
            "123456789012",
            "mikatanaka2024",
            "ashiatoashiato",
        ] {
            assert_eq!(check(known, email), Err(Weak::Guessed), "{known}");
        }
        assert_eq!(check(&"aZ8".repeat(100), email), Err(Weak::Long));
        for good in [
            "correct horse battery staple",
            "雨の日は縁側でお茶をのむ",
            "縁側でお茶をのむ猫よ",
            "tvQ-27x-wmkeL",
            "kR7$vq2X",
        ] {
            assert_eq!(check(good, email), Ok(()), "{good}");
        }
    }

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_known_again() {
        let kept = hash("correct horse battery staple".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, hash("correct horse battery staple".to_owned()).await.unwrap());
        assert!(
            verify("correct horse battery staple".to_owned(), Some(kept.clone())).await.unwrap()
        );
        assert!(!verify("correct horse battery stapl".to_owned(), Some(kept)).await.unwrap());
        prepare().await.unwrap();
        assert!(!verify("correct horse battery staple".to_owned(), None).await.unwrap());
    }
}

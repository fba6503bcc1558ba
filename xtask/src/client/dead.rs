//! What a module carries and never comes to: no call reaches it, but tables of functions and arguments of
//! panics name it, so that no tool can tell.
//!
//! A panic of the client ends in its own handler, which says nothing and stops. So nothing is ever
//! formatted, no panic has to be put into words, and its words are never read. Whoever does call an emptied
//! function stops there, as by the panic itself.

use walrus::{ConstExpr, DataKind, FunctionKind, Module, ir::Value};

/// Parts of the names of such functions: formatting and panics themselves, and the executor of futures that
/// js-sys exports to everybody.
const FUNCTIONS: [&str; 7] = [
    "::fmt::",
    "panicking::",
    "handle_alloc_error",
    "raw_vec::handle_error",
    "slice_index_fail",
    "slice_error_fail",
    "js_sys::futures",
];
/// What panics would say, and errors about names that only a site's file can have wrong. So would the names of
/// the files that panics happen in.
const WORDS: [&str; 22] = [
    "RefCell already mutably borrowed",
    "RefCell already borrowed",
    "closure invoked recursively or after being dropped",
    "memory allocation of ",
    " bytes failed",
    "Tried to shrink to a larger capacity",
    "capacity overflow",
    "assertion failed: self.is_char_boundary(new_len)",
    "called `Option::unwrap()` on a `None` value",
    "slice index starts at ",
    " but ends at ",
    "range start index ",
    "range end index ",
    " out of range for slice of length ",
    "mid > len",
    "copy_from_slice: source slice length (",
    ") does not match destination slice length (",
    "1 to 32 of a-z 0-9 and ",
    "1 to 64 of a-z 0-9 and ",
    "128 bits in base64url",
    "22 characters of base64url (128 bits)",
    "REVISION.TIME.BITS[.RECEIPT]",
];
/// By which digits are formatted.
const DIGITS: &str = "00010203040506070809";

/// Empties those functions, and blanks those words.
pub(super) fn empty(module: &mut Module) {
    for function in module.funcs.iter_mut() {
        let name = function.name.as_deref().unwrap_or_default();
        let dead = FUNCTIONS.iter().any(|own| name.contains(own));
        if let (true, FunctionKind::Local(local)) = (dead, &mut function.kind) {
            let body = local.entry_block();
            local.block_mut(body).instrs.clear();
            local.builder_mut().func_body().unreachable();
        }
    }
    let data: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
    for id in data {
        let segment = module.data.get_mut(id);
        if let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = &segment.kind
        {
            forget_places(&mut segment.value, usize::try_from(*start).unwrap_or(0));
        }
        blank(&mut segment.value);
    }
}

/// Blanks the places in which panics happen: a file's name by its address and length, a line and a column.
/// The data lies in memory from `start` on.
fn forget_places(data: &mut [u8], start: usize) {
    let word = |data: &[u8], at: usize| {
        let bytes = data.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    for at in (0..data.len()).step_by(4) {
        let name = word(data, at).and_then(|address| address.checked_sub(start));
        if let (Some(name), Some(length @ 3..256)) = (name, word(data, at + 4))
            && data.get(name..name + length).is_some_and(|name| name.ends_with(b".rs"))
        {
            data[at..].iter_mut().take(16).for_each(|byte| *byte = 0);
        }
    }
}

fn blank(data: &mut [u8]) {
    for words in WORDS {
        while let Some(start) = find(data, words.as_bytes()) {
            data[start..start + words.len()].fill(0);
        }
    }
    while let Some(start) = find(data, DIGITS.as_bytes()) {
        let digits = data[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        data[start..start + digits].fill(0);
    }
    while let Some(end) = find(data, b".rs") {
        let is_of_a_path = |byte: &&u8| byte.is_ascii_alphanumeric() || b"/_-.".contains(byte);
        let length = data[..end].iter().rev().take_while(is_of_a_path).count();
        data[end - length..end + 3].fill(0);
    }
}

fn find(data: &[u8], words: &[u8]) -> Option<usize> {
    data.windows(words.len()).position(|window| window == words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_panics_are_blanked_with_their_lines() {
        let mut data = b"src/a.rs\0\0\0\0title".to_vec();
        data.resize(20, 0);
        for word in [100_u32, 8, 17, 5, 112, 5, 17, 5] {
            data.extend(word.to_le_bytes());
        }
        let before = data.clone();
        forget_places(&mut data, 100);
        assert_eq!(data[20..36], [0; 16]);
        assert_eq!((&data[..20], &data[36..]), (&before[..20], &before[36..]));
    }

    #[test]
    fn only_the_words_of_panics_are_blanked() {
        let digits: String = (0..100).map(|number| format!("{number:02}")).collect();
        let said = ["title\0/rustc/59/library/alloc/src/raw_vec/mod.rs\0", &digits, "\0part=open"];
        let mut data = said.concat().into_bytes();
        let length = data.len();
        blank(&mut data);
        assert_eq!(data.len(), length);
        let left: Vec<_> = data.split(|byte| *byte == 0).filter(|left| !left.is_empty()).collect();
        assert_eq!(left, [b"title".as_slice(), b"part=open".as_slice()]);
    }
}

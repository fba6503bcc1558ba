//! What a module carries and never comes to: no call reaches it, but tables of functions and arguments of
//! panics name it, so that no tool can tell.
//!
//! A panic of the client ends in its own handler, which says nothing and stops. So nothing is ever
//! formatted, no panic has to be put into words, and its words are never read. Whoever does call an emptied
//! function stops there, as by the panic itself.

use walrus::{FunctionKind, Module};

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
/// What panics would say. So would the names of the files that they happen in.
const WORDS: [&str; 9] = [
    "RefCell already mutably borrowed",
    "RefCell already borrowed",
    "closure invoked recursively or after being dropped",
    "memory allocation of ",
    " bytes failed",
    "Tried to shrink to a larger capacity",
    "capacity overflow",
    "assertion failed: self.is_char_boundary(new_len)",
    "called `Option::unwrap()` on a `None` value",
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
        blank(&mut module.data.get_mut(id).value);
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

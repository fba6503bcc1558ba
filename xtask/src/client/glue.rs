//! wasm-bindgen's script, made smaller: its own initialisation goes, and what it does for engines and
//! sizes that the client never meets is done in fewer words.
//!
//! It knows the script by its text, which is that of one version: where anything is not found, the build
//! fails and says what.

use anyhow::{Context as _, Result, bail};

/// Functions of the script, and what stands in their place. Memory may move at any call, so that views of it
/// are made anew each time; texts are short, so that they are encoded in one go; nothing lies beyond 2 GiB.
const SHORTER: [(&str, &str); 7] = [
    (
        "getUint8ArrayMemory0",
        "const getArrayU8FromWasm0 = (ptr, len) => new Uint8Array(wasm.memory.buffer, ptr, len);\n",
    ),
    (
        "getStringFromWasm0",
        "const getStringFromWasm0 = (ptr, len) =>\n    \
         new TextDecoder('utf-8', { ignoreBOM: true }).decode(getArrayU8FromWasm0(ptr, len));\n",
    ),
    (
        "passStringToWasm0",
        "const passStringToWasm0 = text => {\n    \
         const bytes = new TextEncoder().encode(text);\n    \
         const ptr = wasm.__wbindgen_malloc(bytes.length, 1);\n    \
         getArrayU8FromWasm0(ptr, bytes.length).set(bytes);\n    \
         return [ptr, bytes.length];\n};\n\
         const returnString = (to, text) => {\n    \
         const at = passStringToWasm0(text);\n    \
         new Uint32Array(wasm.memory.buffer, to, 2).set(at);\n};\n",
    ),
    (
        "handleError",
        "const guarded = call => (...given) => {\n    \
         try {\n        return call(...given);\n    } catch (error) {\n        \
         wasm.__wbindgen_exn_store(addToExternrefTable0(error));\n    }\n};\n",
    ),
    ("getArrayU8FromWasm0", ""),
    ("getDataViewMemory0", ""),
    ("decodeText", ""),
];
/// What the script says over and over, and what says the same.
const SHORTER_LINES: [(&str, &str); 10] = [
    // Numbers are numbers already, and none of them is as large as half of what fits.
    (" = +", " = "),
    (" >>> 0", ""),
    ("        __proto__: null,\n", ""),
    ("const ptr0 = passStringToWasm0(", "const [ptr0, len0] = passStringToWasm0("),
    ("    const len0 = WASM_VECTOR_LEN;\n", ""),
    (", wasm.__wbindgen_malloc, wasm.__wbindgen_realloc)", ")"),
    // A text that is answered: where it lies is written to where the module says.
    ("const ptr1 = passStringToWasm0(ret);", "returnString(arg0, ret);"),
    ("            const len1 = WASM_VECTOR_LEN;\n", ""),
    ("            getDataViewMemory0().setInt32((arg0) + 4 * 1, len1, true);\n", ""),
    ("            getDataViewMemory0().setInt32((arg0) + 4 * 0, ptr1, true);\n", ""),
];
/// What the functions in their old form kept.
const REMAINS: [&str; 8] = [
    "let cachedDataViewMemory0 = null;\n",
    "let cachedUint8ArrayMemory0 = null;\n",
    "let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });\n",
    "cachedTextDecoder.decode();\n",
    "const MAX_SAFARI_DECODE_BYTES = 2146435072;\n",
    "let numBytesDecoded = 0;\n",
    "const cachedTextEncoder = new TextEncoder();\n",
    "let WASM_VECTOR_LEN = 0;\n",
];
/// What no line may speak of in the end.
const OLD: [&str; 4] = ["cached", "WASM_VECTOR_LEN", "getDataViewMemory0", "getUint8ArrayMemory0"];
const OLD_ENCODERS: &str = "if (!('encodeInto' in cachedTextEncoder)) {";

/// The script in its smaller form.
pub(super) fn smaller(script: &str) -> Result<String> {
    let mut script = without_start(script)?;
    for (name, shorter) in SHORTER {
        // A module has only what it uses.
        let beginning = format!("function {name}(");
        if script.contains(&beginning) {
            replace(&mut script, &beginning, shorter)?;
        }
    }
    replace(&mut script, OLD_ENCODERS, "")?;
    for (long, short) in REMAINS.map(|remains| (remains, "")).iter().chain(&SHORTER_LINES) {
        script = script.replace(long, short);
    }
    let is_old = |line: &&str| OLD.iter().any(|old| line.contains(old));
    if let Some(line) = script.lines().find(is_old) {
        bail!("wasm-bindgen's script says something in another way now: {}", line.trim());
    }
    // What may throw is wrapped when the module is bound, not at each call.
    let script = script.replace("function() { return handleError(function (", "guarded(function (");
    Ok(script.replace("}, arguments); },", "}),"))
}

/// The script up to the object of all imports: what follows are its own functions, which one script may lend
/// to another.
pub(super) fn without_functions(script: &str) -> Result<&str> {
    let imports = script.find("function __wbg_get_imports(");
    let end = imports.and_then(|at| Some(at + script[at..].find("\n}\n")? + 3));
    end.and_then(|end| script.get(..end)).context("wasm-bindgen's script has no imports any more")
}

/// The script without its initialisation, which is its end. That takes addresses, bytes and modules alike, at
/// three times the size of what `start.js` does.
fn without_start(script: &str) -> Result<String> {
    match script.split_once("let wasmModule, wasmInstance, wasm;") {
        Some((glue, rest)) if rest.contains("__wbg_init as default") => {
            Ok(glue.replace("\nexport ", "\n"))
        }
        _ => bail!("wasm-bindgen's script does not end as its initialisation used to"),
    }
}

/// Puts something in the place of a block at the outermost level, which begins so.
fn replace(script: &mut String, beginning: &str, with: &str) -> Result<()> {
    let missing = || format!("wasm-bindgen's script has no `{beginning}` any more");
    let start = script.find(beginning).with_context(missing)?;
    let length = script[start..].find("\n}\n").with_context(missing)? + 3;
    script.replace_range(start..start + length, with);
    Ok(())
}

/// The script with those imports only that `wanted` names.
pub(super) fn only(script: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut left = String::new();
    let mut within = true;
    for line in script.split_inclusive('\n') {
        // An import is `NAME: function(…` or `NAME: guarded(…` in the object of all.
        let name = line.strip_prefix("        ").and_then(|line| line.split_once(": "));
        let name = name.map(|(name, _)| name).filter(|name| name.starts_with("__wb"));
        if let Some(name) = name {
            within = wanted(name);
        } else if line == "    };\n" {
            within = true;
        }
        if within {
            left.push_str(line);
        }
    }
    left
}

/// Whether a script uses an export of its module.
pub(super) fn uses(script: &str, export: &str) -> bool {
    script.match_indices(&format!("wasm.{export}")).any(|(at, found)| {
        let next = script[at + found.len()..].chars().next();
        !next.is_some_and(|next| next.is_alphanumeric() || next == '_' || next == '$')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_replaced_to_its_end_and_no_further() {
        let mut script =
            "a();\nfunction b(x) {\n    if (x) {\n    }\n}\nfunction c() {\n}\n".to_owned();
        replace(&mut script, "function b(", "const b = 1;\n").unwrap();
        assert_eq!(script, "a();\nconst b = 1;\nfunction c() {\n}\n");
        assert!(replace(&mut script, "function d(", "").is_err());
    }

    #[test]
    fn imports_that_are_not_wanted_are_left_out_whole() {
        let import = |name: &str| {
            format!("        __wbg_{name}: function(a) {{\n            {name}(a);\n        }},\n")
        };
        let script = |imports: &[&str]| {
            let imports: String = imports.iter().map(|name| import(name)).collect();
            format!(
                "    const import0 = {{\n        __proto__: null,\n{imports}    }};\n    return import0;\n"
            )
        };
        let left = only(&script(&["open", "close", "sign"]), |name| name != "__wbg_close");
        assert_eq!(left, script(&["open", "sign"]));
        assert_eq!(only(&script(&["open"]), |_| false), script(&[]));
    }

    #[test]
    fn an_export_is_used_by_its_whole_name_only() {
        assert!(uses("wasm.open(1)", "open"));
        assert!(!uses("wasm.opened(1)", "open"));
    }

    #[test]
    fn another_version_of_the_script_is_an_error() {
        assert!(smaller("let wasm;").is_err());
    }
}

//! Tools in Python that are not ours, each kind in a folder of the build's own: `target/KIND-tools`, by
//! `tests/KIND/requirements.txt`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::process::program;

/// The Python that has the tools of that kind; they are installed where they are not, by whichever test comes first.
///
/// # Panics
/// Where they cannot be installed; with what to run by hand.
#[must_use]
pub fn with_tools(kind: &str) -> PathBuf {
    let needed = of_tests(kind, "requirements.txt");
    let target = program("ASHIATO_BIN", "ashiato");
    let target = target.ancestors().nth(2).expect("programs lie in target/PROFILE");
    let folder = target.join(format!("{kind}-tools"));
    fs::create_dir_all(&folder).expect("the build's folder can be written");
    let lock = fs::File::create(folder.join("lock")).expect("a file can be made");
    lock.lock().expect("it can be locked");
    let text = fs::read_to_string(&needed).expect("the list of tools is there");
    let (python, done) = (folder.join("bin/python"), folder.join("installed"));
    if fs::read_to_string(&done).ok().as_ref() != Some(&text) {
        eprintln!("installing the {kind} tools of the tests into {}", folder.display());
        let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status();
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        let by_hand = format!(
            "python3 -m venv {0} && {0}/bin/pip install -r {1}",
            folder.display(),
            needed.display()
        );
        let installed = made.is_ok_and(|status| status.success())
            && Command::new(&python)
                .args(pip)
                .arg(&needed)
                .status()
                .is_ok_and(|status| status.success());
        assert!(installed, "the {kind} tools could not be installed; run by hand: {by_hand}");
        fs::write(&done, &text).expect("the build's folder can be written");
    }
    python
}

/// A file of that kind's folder in the sources.
#[must_use]
pub fn of_tests(kind: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind).join(name)
}

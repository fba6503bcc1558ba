//! One module in two files: what only the part that acts comes to goes into a second module, which borrows the
//! rest of the first: its memory, and each function that both need. So nobody downloads anything twice, and
//! whoever refuses only the first.

use std::{collections::HashSet, path::Path};

use anyhow::Result;
use walrus::{
    FunctionKind, GlobalKind, ImportId, ImportKind, ImportedFunction, Module, ModuleConfig, passes,
};

/// The module that the second half borrows from, as its script calls it.
pub(super) const LENDER: &str = "b";

/// Both halves of a module: the second is what only the exports lead to whose names begin with `theirs`.
pub(super) fn halves(whole: &Path, theirs: &str) -> Result<(Module, Module)> {
    let mut first = read(whole)?;
    keep_exports(&mut first, |name| !name.starts_with(theirs));
    passes::gc::run(&mut first);
    let mut second = read(whole)?;
    keep_exports(&mut second, |name| name.starts_with(theirs));
    borrow(&mut second, &first);
    passes::gc::run(&mut second);
    lend(&mut first, &second);
    Ok((first, second))
}

/// Calls what the second half borrows as the first calls it in the end.
pub(super) fn rename(second: &mut Module, name: impl Fn(&str) -> String) {
    for import in second.imports.iter_mut().filter(|import| import.module == LENDER) {
        import.name = name(&import.name);
    }
}

/// Whether a half imports something of that name from its script.
pub(super) fn imports(half: &Module, name: &str) -> bool {
    half.imports.iter().any(|import| import.module != LENDER && import.name == name)
}

fn read(file: &Path) -> Result<Module> {
    ModuleConfig::new().generate_producers_section(false).parse_file(file)
}

fn keep_exports(module: &mut Module, keep: impl Fn(&str) -> bool) {
    let others = module.exports.iter().filter(|export| !keep(&export.name));
    let others: Vec<_> = others.map(walrus::Export::id).collect();
    for export in others {
        module.exports.delete(export);
    }
}

/// What a thing is lent as: both halves were read from one file, where it has one number.
fn lent(kind: &str, number: usize) -> String {
    format!("lent_{kind}{number}")
}

/// Has the second half import whatever the first keeps; the first fills memory and tables.
fn borrow(second: &mut Module, first: &Module) {
    let data: Vec<_> = second.data.iter().map(walrus::Data::id).collect();
    for id in data {
        second.data.delete(id);
    }
    let elements: Vec<_> = second.elements.iter().map(walrus::Element::id).collect();
    for id in elements {
        second.elements.delete(id);
    }
    let kept: HashSet<_> = first.funcs.iter().map(|own| own.id().index()).collect();
    let imports = &mut second.imports;
    // What the first has of its script, the second has of the first.
    let twice = imports
        .iter()
        .filter(|own| matches!(own.kind, ImportKind::Function(id) if kept.contains(&id.index())));
    let twice: Vec<_> = twice.map(walrus::Import::id).collect();
    for id in twice {
        imports.delete(id);
    }
    let mut import = |kind: &str, number, item: ImportKind| -> ImportId {
        imports.add(LENDER, &lent(kind, number), item)
    };
    for memory in second.memories.iter_mut() {
        memory.data_segments.clear();
        memory.import = Some(import("memory", memory.id().index(), memory.id().into()));
    }
    for table in second.tables.iter_mut() {
        table.elem_segments.clear();
        table.import = Some(import("table", table.id().index(), table.id().into()));
    }
    let globals: Vec<_> = second.globals.iter().map(walrus::Global::id).collect();
    for id in globals {
        let import = import("global", id.index(), id.into());
        second.globals.get_mut(id).kind = GlobalKind::Import(import);
    }
    for function in second.funcs.iter_mut().filter(|own| kept.contains(&own.id().index())) {
        let (id, ty) = (function.id(), function.ty());
        let import = import("function", id.index(), id.into());
        function.kind = FunctionKind::Import(ImportedFunction { import, ty });
    }
}

/// Has the first half export what the second borrows.
fn lend(first: &mut Module, second: &Module) {
    let imports = second.imports.iter().filter(|import| import.module == LENDER);
    let wanted: HashSet<_> = imports.map(|import| import.name.as_str()).collect();
    let exports = &mut first.exports;
    for own in first.memories.iter() {
        exports.add(&lent("memory", own.id().index()), own.id());
    }
    for own in first.tables.iter() {
        exports.add(&lent("table", own.id().index()), own.id());
    }
    for own in first.globals.iter() {
        exports.add(&lent("global", own.id().index()), own.id());
    }
    for own in first.funcs.iter() {
        exports.add(&lent("function", own.id().index()), own.id());
    }
    keep_exports(first, |name| !name.starts_with("lent_") || wanted.contains(name));
}

#[cfg(test)]
mod tests {
    use walrus::{FunctionBuilder, ValType};

    use super::*;

    #[test]
    fn what_both_halves_need_is_in_the_first_alone() {
        let mut whole = Module::default();
        let memory = whole.memories.add_local(false, false, 1, None, None);
        whole.exports.add("memory", memory);
        let mut add = |name: &str, calls: &[walrus::FunctionId]| {
            let mut function = FunctionBuilder::new(&mut whole.types, &[], &[ValType::I32]);
            let mut body = function.name(name.to_owned()).func_body();
            for call in calls {
                body.call(*call).drop();
            }
            body.i32_const(1);
            function.finish(vec![], &mut whole.funcs)
        };
        let both = add("both", &[]);
        let theirs = add("theirs", &[]);
        let tell = add("tell", &[both]);
        let act = add("act", &[both, theirs]);
        whole.exports.add("tell", tell);
        whole.exports.add("act_start", act);
        let file = std::env::temp_dir().join(format!("split-{}.wasm", std::process::id()));
        whole.emit_wasm_file(&file).unwrap();
        let halves = halves(&file, "act_");
        std::fs::remove_file(&file).unwrap();
        let (first, mut second) = halves.unwrap();

        let names = |module: &Module| {
            let own = module.funcs.iter_local().map(|(id, _)| module.funcs.get(id));
            let mut names: Vec<_> = own.filter_map(|own| own.name.clone()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&first), ["both", "tell"]);
        assert_eq!(names(&second), ["act", "theirs"]);
        let lent: Vec<_> = second.imports.iter().map(|own| own.name.clone()).collect();
        assert!(!lent.is_empty());
        assert!(lent.iter().all(|name| first.exports.iter().any(|own| own.name == *name)));
        rename(&mut second, |long| format!("{long}!"));
        assert!(second.imports.iter().all(|own| own.module == LENDER && own.name.ends_with('!')));
    }
}

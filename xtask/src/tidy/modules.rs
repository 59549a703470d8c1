//! Which source file of a crate uses which other file of it.
//!
//! Reads the module tree of one crate from its root file on and resolves every
//! path that the code [names] to the file that defines the item.
//! [`circles`](super::circles) says what counts as a use, and why.

use std::collections::{BTreeMap, btree_map::Entry};
use std::iter;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use syn::{Item, ItemMod};

use super::names::{self, Name, Names, PathKind};

/// Imports of imports are followed this deep; what is deeper names itself.
const MAX_RESOLVE_DEPTH: usize = 32;

/// For each file the files it uses, each with one path that shows it.
pub(super) type Uses = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

/// The uses between the files of the crate whose root file is `root`. `read`
/// gives the text of a file, `None` if there is no such file.
pub(super) fn uses(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Result<Uses> {
    let text = read(root).with_context(|| format!("there is no file {}", root.display()))?;
    let mut tree = Tree {
        modules: Vec::new(),
        read,
    };
    tree.add_file(root, &text, &folder_of(root), None)?;
    Ok(tree.uses())
}

/// The modules of a crate; the root is the first.
struct Tree<'a> {
    modules: Vec<Module>,
    read: &'a dyn Fn(&Path) -> Option<String>,
}

struct Module {
    file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    names: Names,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    /// An item, and the module that defines it.
    ItemOf(usize),
}

impl Tree<'_> {
    /// Adds a module that fills a file. The files of its child modules are in
    /// `folder`.
    fn add_file(
        &mut self,
        file: &Path,
        text: &str,
        folder: &Path,
        parent: Option<usize>,
    ) -> Result<usize> {
        let parsed = syn::parse_file(text)
            .with_context(|| format!("{} cannot be parsed", file.display()))?;
        self.add(file, &parsed.items, folder, parent)
    }

    fn add(
        &mut self,
        file: &Path,
        items: &[Item],
        folder: &Path,
        parent: Option<usize>,
    ) -> Result<usize> {
        let index = self.modules.len();
        self.modules.push(Module {
            file: file.to_owned(),
            parent,
            children: BTreeMap::new(),
            names: Names::default(),
        });
        for item in items {
            if names::is_test_only(names::attributes(item)) {
                continue;
            }
            if let Item::Mod(child) = item {
                let child_index = self.add_child(file, child, folder, index)?;
                let children = &mut self.modules[index].children;
                // Two of one name are alternatives under different `cfg`s.
                if let Entry::Vacant(entry) = children.entry(child.ident.to_string()) {
                    entry.insert(child_index);
                }
            } else {
                self.modules[index].names.read(item);
            }
        }
        Ok(index)
    }

    fn add_child(
        &mut self,
        file: &Path,
        child: &ItemMod,
        folder: &Path,
        parent: usize,
    ) -> Result<usize> {
        let name = child.ident.to_string();
        let below = folder.join(&name);
        if let Some((_, items)) = &child.content {
            return self.add(file, items, &below, Some(parent));
        }
        let candidates = match names::path_attribute(&child.attrs) {
            Some(path) => {
                let path = normalized(&folder_of(file).join(path));
                let below = folder_of(&path);
                vec![(path, below)]
            }
            None => vec![
                (folder.join(format!("{name}.rs")), below.clone()),
                (below.join("mod.rs"), below),
            ],
        };
        for (path, below) in candidates {
            if let Some(text) = (self.read)(&path) {
                return self.add_file(&path, &text, &below, Some(parent));
            }
        }
        bail!("{}: there is no file for `mod {name}`", file.display());
    }

    fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (index, module) in self.modules.iter().enumerate() {
            let used = uses.entry(module.file.clone()).or_default();
            for path in &module.names.paths {
                let definer = match self.resolve(index, &path.segments, 0) {
                    Some(Target::ItemOf(definer)) => definer,
                    Some(Target::Module(definer)) if path.kind == PathKind::Glob => definer,
                    // Naming a module uses nothing of it: what is named through
                    // it is a path of its own.
                    Some(Target::Module(_)) | None => continue,
                };
                let is_own_reexport =
                    path.kind == PathKind::Reexport && self.is_below(definer, index);
                let other = &self.modules[definer].file;
                if !is_own_reexport && *other != module.file {
                    used.entry(other.clone())
                        .or_insert_with(|| path.segments.join("::"));
                }
            }
        }
        uses
    }

    fn is_below(&self, module: usize, ancestor: usize) -> bool {
        let above = |&module: &usize| self.modules[module].parent;
        iter::successors(above(&module), above).any(|one| one == ancestor)
    }

    /// What `path`, written in the module `from`, leads to; `None` for what is
    /// not of this crate.
    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<Target> {
        if depth > MAX_RESOLVE_DEPTH {
            return None;
        }
        let mut at = from;
        for (position, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" if position == 0 => at = 0,
                "self" => {}
                "super" => at = self.modules[at].parent?,
                name => match self.look_up(at, name, depth) {
                    Some(Target::Module(module)) => at = module,
                    Some(item) => return Some(item),
                    // The first segment names another crate or a local item;
                    // a later one was defined by a macro.
                    None if position == 0 => return None,
                    None => return Some(Target::ItemOf(at)),
                },
            }
        }
        Some(Target::Module(at))
    }

    fn look_up(&self, at: usize, name: &str, depth: usize) -> Option<Target> {
        let module = &self.modules[at];
        if let Some(&child) = module.children.get(name) {
            return Some(Target::Module(child));
        }
        match module.names.scope.get(name) {
            Some(Name::Item) => Some(Target::ItemOf(at)),
            // `use name;` of another crate would look itself up.
            Some(Name::Import(path)) if path.as_slice() == [name] => None,
            Some(Name::Import(path)) => self.resolve(at, path, depth + 1),
            None => self.look_up_in_globs(at, name, depth + 1),
        }
    }

    fn look_up_in_globs(&self, at: usize, name: &str, depth: usize) -> Option<Target> {
        let mut globs = self.modules[at].names.globs.iter();
        globs.find_map(|glob| match self.resolve(at, glob, depth)? {
            Target::Module(other) => self.look_up(other, name, depth),
            Target::ItemOf(_) => None,
        })
    }
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}

/// Without `..`, so that one file has one name.
pub(super) fn normalized(path: &Path) -> PathBuf {
    let mut normalized = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            normalized.pop();
        } else {
            normalized.push(component);
        }
    }
    normalized
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The uses in made-up sources, "from > to" without folder and ending.
    fn uses_in(sources: &[(&str, &str)]) -> Vec<String> {
        let sources: BTreeMap<PathBuf, &str> = sources
            .iter()
            .map(|(path, text)| (PathBuf::from(path), *text))
            .collect();
        let read = |path: &Path| sources.get(path).map(|text| (*text).to_owned());
        let uses = uses(Path::new("src/lib.rs"), &read).unwrap();
        let short = |path: &Path| {
            let path = path.with_extension("");
            path.strip_prefix("src").unwrap().display().to_string()
        };
        uses.iter()
            .flat_map(|(from, used)| {
                used.keys()
                    .map(move |to| format!("{} > {}", short(from), short(to)))
            })
            .collect()
    }

    #[test]
    fn paths_from_crate_self_and_super_are_uses() {
        let uses = uses_in(&[
            ("src/lib.rs", "mod a; mod b; pub struct Root;"),
            (
                "src/a/mod.rs",
                "mod inner; use crate::Root; pub fn run() { self::inner::run() }",
            ),
            (
                "src/a/inner.rs",
                "use super::super::b::{self, Thing}; pub fn run() {}",
            ),
            ("src/b.rs", "pub struct Thing;"),
        ]);
        assert_eq!(uses, ["a/inner > b", "a/mod > a/inner", "a/mod > lib"]);
    }

    #[test]
    fn declarations_and_reexports_of_own_children_are_no_uses() {
        let uses = uses_in(&[
            (
                "src/lib.rs",
                "mod a; pub use a::Thing; pub(crate) use a::deep::*;",
            ),
            ("src/a.rs", "pub mod deep; pub struct Thing;"),
            ("src/a/deep.rs", "pub struct Deep;"),
        ]);
        assert_eq!(uses, Vec::<String>::new());
    }

    #[test]
    fn reexports_lead_to_the_definition() {
        let uses = uses_in(&[
            ("src/lib.rs", "mod a; mod b; mod c;"),
            (
                "src/a/mod.rs",
                "mod deep; mod all; pub use deep::Thing as Renamed; pub use all::*;",
            ),
            ("src/a/deep.rs", "pub struct Thing;"),
            ("src/a/all.rs", "pub struct Other;"),
            ("src/b.rs", "use crate::a::Renamed;"),
            ("src/c.rs", "use crate::a; fn f() { a::Other::new(); }"),
        ]);
        assert_eq!(uses, ["b > a/deep", "c > a/all"]);
    }

    #[test]
    fn a_reexport_of_another_branch_is_a_use() {
        let uses = uses_in(&[
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", "pub use crate::b::Thing;"),
            ("src/b.rs", "pub struct Thing;"),
        ]);
        assert_eq!(uses, ["a > b"]);
    }

    #[test]
    fn imports_of_itself_and_of_modules_without_an_item_are_no_uses() {
        let uses = uses_in(&[
            ("src/lib.rs", "mod a; mod b;"),
            (
                "src/a.rs",
                "use crate::a::Thing; use crate::b; use serde::b::X; pub struct Thing; \
                 mod inline { use super::Thing; }",
            ),
            ("src/b.rs", "use b; use ::a::Y;"),
        ]);
        assert_eq!(uses, Vec::<String>::new());
    }

    #[test]
    fn types_bounds_macro_calls_and_globs_are_uses() {
        let uses = uses_in(&[
            (
                "src/lib.rs",
                "mod types; mod bounds; mod calls; mod globs; mod used;",
            ),
            ("src/types.rs", "struct A(Vec<crate::used::Thing>);"),
            ("src/bounds.rs", "fn f<T: crate::used::Bound>(_: T) {}"),
            (
                "src/calls.rs",
                r#"fn f() { println!("{}", [crate::used::make(1)][0]); }"#,
            ),
            ("src/globs.rs", "use super::used::*;"),
            ("src/used.rs", "pub struct Thing;"),
        ]);
        assert_eq!(
            uses,
            [
                "bounds > used",
                "calls > used",
                "globs > used",
                "types > used"
            ]
        );
    }

    #[test]
    fn tests_do_not_count() {
        let uses = uses_in(&[
            ("src/lib.rs", "mod a; mod b;"),
            (
                "src/a.rs",
                "pub struct Thing; #[cfg(test)] use crate::b::Other; \
                 #[cfg(test)] mod tests { use crate::b::Other; } \
                 #[cfg(all(test, unix))] mod no_such_file; \
                 impl Thing { #[cfg(test)] fn f() -> crate::b::Other {} }",
            ),
            ("src/b.rs", "pub struct Other;"),
        ]);
        assert_eq!(uses, Vec::<String>::new());
    }

    #[test]
    fn files_are_found_by_name_by_folder_and_by_attribute() {
        let uses = uses_in(&[
            (
                "src/lib.rs",
                "mod a; #[path = \"../src/odd/name.rs\"] mod b; mod inline { mod c; }",
            ),
            ("src/a.rs", "mod d;"),
            ("src/a/d/mod.rs", "use crate::b::Thing;"),
            ("src/odd/name.rs", "pub struct Thing;"),
            ("src/inline/c.rs", "use super::super::b::Thing;"),
        ]);
        assert_eq!(uses, ["a/d/mod > odd/name", "inline/c > odd/name"]);
        let none = |_: &Path| None;
        assert!(super::uses(Path::new("src/lib.rs"), &none).is_err());
    }
}

//! What one module defines, imports and names, read from its syntax tree.
//!
//! [`modules`](super::modules) fills a [`Names`] for each module and resolves
//! it. Nothing is resolved here, no types are inferred and no macros are
//! expanded, but paths between the tokens of a macro call are found.

use std::collections::BTreeMap;
use std::mem;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ImplItemFn, Item, ItemUse, Lit, Macro, Meta, UseTree, Visibility};

/// The segments of a path: `["crate", "queue", "Lease"]`.
pub(super) type Segments = Vec<String>;

/// The names of one module.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// What each name in the module stands for; child modules are not in it.
    pub(super) scope: BTreeMap<String, Name>,
    /// What `use …::*` imports all names of.
    pub(super) globs: Vec<Segments>,
    /// Every path with two segments or more, and every import.
    pub(super) paths: Vec<NamedPath>,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) enum Name {
    /// An item that the module defines.
    Item,
    /// An import, as the module writes its path.
    Import(Segments),
}

/// A path as the module writes it.
#[derive(Debug)]
pub(super) struct NamedPath {
    pub(super) segments: Segments,
    pub(super) kind: PathKind,
}

/// Where a path stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathKind {
    /// In code, in a type, or in a private `use`.
    Plain,
    /// In a `use` with a visibility: `pub use`, `pub(crate) use`.
    Reexport,
    /// Before the star of a `use` without visibility.
    Glob,
}

impl Names {
    /// Takes in an item of the module that is no child module.
    pub(super) fn read(&mut self, item: &Item) {
        if let Some(name) = defined_name(item) {
            // An item and an imported module or macro may share a name; the
            // import's own path is kept in `paths`.
            self.scope.insert(name, Name::Item);
        }
        self.visit_item(item);
    }

    fn add_path(&mut self, segments: Segments) {
        // A single segment is a local name: either its import is known already
        // or it belongs to no other module.
        if segments.len() > 1 {
            let kind = PathKind::Plain;
            self.paths.push(NamedPath { segments, kind });
        }
    }

    fn add_use(&mut self, tree: &UseTree, prefix: &[String], kind: PathKind) {
        let extended = |name: String| [prefix, &[name]].concat();
        match tree {
            UseTree::Path(path) => {
                self.add_use(&path.tree, &extended(path.ident.to_string()), kind);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_use(tree, prefix, kind);
                }
            }
            UseTree::Glob(_) => {
                let segments = prefix.to_vec();
                self.globs.push(segments.clone());
                let kind = match kind {
                    PathKind::Reexport => PathKind::Reexport,
                    PathKind::Plain | PathKind::Glob => PathKind::Glob,
                };
                self.paths.push(NamedPath { segments, kind });
            }
            UseTree::Name(name) if name.ident == "self" => {
                let name = prefix.last().cloned().unwrap_or_default();
                self.add_import(name, prefix.to_vec(), kind);
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.add_import(name.clone(), extended(name), kind);
            }
            UseTree::Rename(rename) if rename.ident == "self" => {
                self.add_import(rename.rename.to_string(), prefix.to_vec(), kind);
            }
            UseTree::Rename(rename) => {
                let segments = extended(rename.ident.to_string());
                self.add_import(rename.rename.to_string(), segments, kind);
            }
        }
    }

    fn add_import(&mut self, name: String, segments: Segments, kind: PathKind) {
        self.scope
            .entry(name)
            .or_insert_with(|| Name::Import(segments.clone()));
        self.paths.push(NamedPath { segments, kind });
    }

    /// Finds `a::b::c` between tokens.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path = Segments::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add_path(mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.add_path(mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add_path(path);
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // `use ::name` is another crate's.
        if item.leading_colon.is_none() && !is_test_only(&item.attrs) {
            let kind = match item.vis {
                Visibility::Inherited => PathKind::Plain,
                Visibility::Public(_) | Visibility::Restricted(_) => PathKind::Reexport,
            };
            self.add_use(&item.tree, &[], kind);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter();
            self.add_path(segments.map(|one| one.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !is_test_only(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }
}

/// The name under which other modules can import `item`.
fn defined_name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::ExternCrate(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        // Nothing that a path could name.
        _ => return None,
    };
    Some(ident.to_string())
}

/// The attributes of an item.
pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        // `syn` keeps what it does not know as tokens.
        _ => &[],
    }
}

/// Whether `#[cfg(test)]` or `#[cfg(all(test, …))]` is among `attributes`.
pub(super) fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else {
            return false;
        };
        let condition: String = list.tokens.to_string().split_whitespace().collect();
        list.path.is_ident("cfg") && (condition == "test" || condition.starts_with("all(test,"))
    })
}

/// The value of `#[path = "…"]`.
pub(super) fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            Expr::Lit(literal) if pair.path.is_ident("path") => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        }
    })
}

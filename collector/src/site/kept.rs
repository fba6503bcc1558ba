//! What a service keeps in the browser: cookies and entries of its storage, seen as one list.

use super::file::{Service, Storage, Words};

/// Something that is kept in the browser.
#[derive(Clone, Copy)]
pub(super) struct Kept<'a> {
    pub(super) area: Area,
    pub(super) name: &'a str,
    pub(super) lifetime: Lifetime,
    pub(super) usage: &'a Words,
}

/// Where it is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Area {
    Cookie,
    Local,
    Session,
    Database,
}

/// How long it is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Days(u32),
    UntilClosed,
    UntilDeleted,
}

/// What comes before the name of a storage's entry in a site file.
pub(super) const AREAS: [(&str, Area); 3] =
    [("local", Area::Local), ("session", Area::Session), ("indexeddb", Area::Database)];

impl Area {
    /// The name of the built-in word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Cookie => "area_cookie",
            Self::Local => "area_local",
            Self::Session => "area_session",
            Self::Database => "area_database",
        }
    }
}

impl Storage {
    /// Where it is kept and under which name; nothing of a file that has not been checked.
    pub(super) fn place(&self) -> Option<(Area, &str)> {
        let (prefix, name) = self.name.split_once(':')?;
        let (_, area) = AREAS.into_iter().find(|(known, _)| *known == prefix)?;
        Some((area, name))
    }

    fn lifetime(&self, area: Area) -> Lifetime {
        match self.days {
            _ if area == Area::Session => Lifetime::UntilClosed,
            Some(days) => Lifetime::Days(days),
            None => Lifetime::UntilDeleted,
        }
    }
}

impl Service {
    /// Everything that it keeps in the browser, in the file's order.
    pub(super) fn kept(&self) -> impl Iterator<Item = Kept<'_>> {
        let cookies = self.cookies.iter().map(|cookie| Kept {
            area: Area::Cookie,
            name: &cookie.name,
            lifetime: Lifetime::Days(cookie.days),
            usage: &cookie.usage,
        });
        let storage = self.storage.iter().filter_map(|entry| {
            let (area, name) = entry.place()?;
            Some(Kept { area, name, lifetime: entry.lifetime(area), usage: &entry.usage })
        });
        cookies.chain(storage)
    }
}

//! Where in a site file a key or value stands.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// The lines of a text.
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { starts: [0].into_iter().chain(breaks).collect() }
    }

    /// The line of a byte offset; the first is 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }
}

/// The line of every key and value, by its path: `purposes[2].services[0].events[1]`.
pub(super) struct Places {
    lines: BTreeMap<String, usize>,
}

impl Places {
    pub(super) fn of(lines: &Lines, root: &DeTable<'_>) -> Self {
        let mut places = Self { lines: BTreeMap::new() };
        places.table(lines, "", root);
        places
    }

    /// The line of a path, or of the nearest thing around it that is there.
    pub(super) fn line(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.lines.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return 1,
            }
        }
    }

    fn table(&mut self, lines: &Lines, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{}", key.get_ref());
            self.lines.insert(path.clone(), lines.line(key.span().start));
            self.value(lines, &path, value.get_ref());
        }
    }

    fn value(&mut self, lines: &Lines, path: &str, value: &DeValue<'_>) {
        match value {
            DeValue::Table(table) => self.table(lines, path, table),
            DeValue::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let path = format!("{path}[{at}]");
                    self.lines.insert(path.clone(), lines.line(item.span().start));
                    self.value(lines, &path, item.get_ref());
                }
            }
            _ => {}
        }
    }
}

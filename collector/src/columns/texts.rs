//! Different texts, each once.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

use super::Text;

/// Texts by their numbers, and the other way.
#[derive(Debug)]
pub(super) struct Texts {
    all: Vec<Box<str>>,
    known: HashTable<u32>,
    hasher: RandomState,
}

impl Default for Texts {
    fn default() -> Self {
        let mut texts =
            Self { all: Vec::new(), known: HashTable::new(), hasher: RandomState::default() };
        texts.add("");
        texts
    }
}

impl Texts {
    pub(super) fn add(&mut self, text: &str) -> Text {
        let hash = self.hasher.hash_one(text);
        let same = |number: &u32| *self.all[*number as usize] == *text;
        if let Some(known) = self.known.find(hash, same) {
            return Text(*known);
        }
        // Fewer than there are: four billion of them would not be in memory.
        let new = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(text.into());
        let again = |number: &u32| self.hasher.hash_one(&*self.all[*number as usize]);
        self.known.insert_unique(hash, new, again);
        Text(new)
    }

    /// Adds all of the others, by their numbers there.
    pub(super) fn join(&mut self, others: &Self) -> Vec<Text> {
        others.all.iter().map(|text| self.add(text)).collect()
    }

    pub(super) fn find(&self, text: &str) -> Option<Text> {
        let same = |number: &u32| *self.all[*number as usize] == *text;
        self.known.find(self.hasher.hash_one(text), same).map(|number| Text(*number))
    }

    pub(super) fn get(&self, text: Text) -> &str {
        self.all.get(text.index()).map_or("", |text| text)
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

//! A map that remembers what was used recently and never grows beyond its bound.
//!
//! Two halves: what is used goes to the young one; when that is full the old one is forgotten and the young one becomes old.
//! So an entry in use stays, at most `2 × half` entries exist, and there is no list to maintain.

use std::collections::HashMap;
use std::hash::Hash;

#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    half: usize,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    /// Remembers at least the last `half` entries used.
    pub(crate) fn new(half: usize) -> Self {
        Recent { half, young: HashMap::new(), old: HashMap::new() }
    }

    /// The value of a key, which counts as a use.
    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.contains_key(key) {
            let (key, value) = self.old.remove_entry(key)?;
            self.insert(key, value);
        }
        self.young.get_mut(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_forgotten() {
        let mut recent = Recent::new(3);
        for n in 0..100 {
            recent.insert(n, n);
            assert!(recent.len() <= 6);
            assert_eq!(recent.get(&0), Some(&mut 0));
        }
        assert!(recent.get(&50).is_none());
        assert!(recent.get(&99).is_some());
        recent.remove(&0);
        assert!(recent.get(&0).is_none());
    }
}

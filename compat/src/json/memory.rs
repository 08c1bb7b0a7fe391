//! How many bytes may still be built while a text is read: a budget counts what is built, not what it is built from, since
//! two bytes of text can become a hundred in memory.

/// How many bytes the tree of a text and what is copied from it may take together, beside the text. A value takes 32, a
/// member of an object 56, a property 72 more.
pub(crate) const MOST_BYTES: usize = 64 << 20;

/// What the text of a small string takes on its own. That of a long one is not counted: all strings that are copied are
/// together no longer than what they are copied from.
pub(crate) const SMALL: usize = 16;

/// Bytes that may still be built.
#[derive(Debug)]
pub(crate) struct Memory {
    left: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Memory { left: MOST_BYTES }
    }
}

/// They are more than are left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Memory {
    /// Counts so many bytes, before they are built.
    ///
    /// # Errors
    /// They are more than are left.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Full> {
        self.left = self.left.checked_sub(bytes).ok_or(Full)?;
        Ok(())
    }

    /// How many are left.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// Gives back what is no longer held.
    pub(crate) fn give(&mut self, bytes: usize) {
        self.left += bytes;
    }
}

/// The sentence about it.
pub(crate) fn full() -> String {
    format!("The values of the text take more than the {} MiB of memory allowed", MOST_BYTES >> 20)
}

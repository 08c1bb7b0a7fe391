//! Listings, a piece at a time. Between two pieces a listing holds neither a snapshot nor a thread, only where it goes on; so
//! whoever reads slowly, or not at all, costs what one piece takes, and one who goes away costs nothing more.
//!
//! Each piece is of a snapshot of its own. What is there all the while is listed once; what comes or goes meanwhile is listed
//! or not, depending on whether its place had been passed.

use rules::fault::Fault;
use std::ops::ControlFlow;
use storage::State;

/// Something that is listed in an order, and where in it the listing goes on.
pub trait Source: Send + 'static {
    /// What is listed.
    type Item;

    /// Shows what comes next until told to stop, and goes on behind that the next time. What was looked at and does not belong
    /// to the listing is shown as `None`: it is counted, so that no piece takes long.
    ///
    /// # Errors
    /// Those of the store and of `show`.
    fn go_on(&mut self, state: &dyn State, show: &mut Show<'_, Self::Item>) -> Result<(), Fault>;
}

/// Is shown each item.
pub type Show<'a, T> = dyn FnMut(Option<T>) -> ControlFlow<()> + 'a;

/// Takes each item that was asked for.
pub type Take<'a, T> = dyn FnMut(&dyn State, T) -> Result<ControlFlow<()>, Fault> + 'a;

/// A listing under way: the part of a source that was asked for.
pub struct Listing<S> {
    source: S,
    skip: usize,
    left: usize,
    over: bool,
}

impl<S: Source> Listing<S> {
    /// `limit` items behind `offset` others.
    pub fn new(source: S, offset: usize, limit: usize) -> Self {
        Listing { source, skip: offset, left: limit, over: limit == 0 }
    }

    /// Has everything been taken?
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Takes items until `take` breaks, so many entries have been looked at, or the listing is over.
    ///
    /// # Errors
    /// Those of the store and of `take`.
    pub fn piece(&mut self, state: &dyn State, looks: usize, take: &mut Take<'_, S::Item>) -> Result<(), Fault> {
        let Listing { source, skip, left, over } = self;
        let (mut looks, mut outcome) = (looks, Ok(()));
        // Until it is known better: a source that ends by itself is over.
        *over = true;
        source.go_on(state, &mut |item| {
            looks = looks.saturating_sub(1);
            let mut flow = ControlFlow::Continue(());
            match item {
                None => {}
                Some(_) if *skip > 0 => *skip -= 1,
                Some(item) => {
                    *left -= 1;
                    match take(state, item) {
                        Ok(taken) => flow = taken,
                        Err(fault) => {
                            outcome = Err(fault);
                            flow = ControlFlow::Break(());
                        }
                    }
                }
            }
            if *left == 0 {
                return ControlFlow::Break(());
            }
            if looks == 0 {
                flow = ControlFlow::Break(());
            }
            *over = flow.is_continue();
            flow
        })?;
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::MemoryState;

    /// The numbers below 20, of which the odd ones do not belong.
    struct Even(usize);

    impl Source for Even {
        type Item = usize;

        fn go_on(&mut self, _: &dyn State, show: &mut Show<'_, usize>) -> Result<(), Fault> {
            while self.0 < 20 {
                let next = self.0;
                self.0 += 1;
                if show(next.is_multiple_of(2).then_some(next)).is_break() {
                    break;
                }
            }
            Ok(())
        }
    }

    #[test]
    fn pieces_of_any_size_make_the_same_listing() {
        let state = MemoryState::default();
        for (offset, limit) in [(0, 99), (0, 10), (3, 2), (9, 1), (9, 5), (10, 5), (0, 0), (99, 99)] {
            let whole: Vec<usize> = (0..20).step_by(2).skip(offset).take(limit).collect();
            for looks in 1..25 {
                for most in 1..12 {
                    let mut listing = Listing::new(Even(0), offset, limit);
                    let mut found = Vec::new();
                    let mut pieces = 0;
                    while !listing.is_over() {
                        let mut taken = 0;
                        listing
                            .piece(&state, looks, &mut |_, item| {
                                found.push(item);
                                taken += 1;
                                Ok(if taken == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                            })
                            .unwrap();
                        pieces += 1;
                        assert!(pieces <= 40, "it goes on for ever");
                    }
                    assert_eq!(found, whole, "{offset} {limit} {looks} {most}");
                }
            }
        }
    }

    #[test]
    fn what_fails_ends_a_piece_with_its_fault() {
        let mut listing = Listing::new(Even(0), 0, 9);
        let outcome = listing.piece(&MemoryState::default(), 99, &mut |_, _| Err(Fault::Busy));
        assert!(matches!(outcome, Err(Fault::Busy)));
    }
}

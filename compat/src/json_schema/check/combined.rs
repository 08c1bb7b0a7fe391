//! Two combinations: what their keywords say, and which members of one fit which of the other.

use super::report::{Item, ResultId, Step};
use super::{At, Pair};
use crate::json_schema::model::{Criterion, NodeId};
use crate::json_schema::rule::Rule;
use crate::{Spent, Work};
use std::collections::VecDeque;

/// Do the keywords of two combinations, of so many members, go together? The difference if there is one, and in `Err` one
/// that ends the comparison.
pub(super) fn criteria(from: Criterion, had: usize, to: Criterion, has: usize) -> Result<Option<Rule>, Rule> {
    if from == to {
        return Ok(None);
    }
    let extended = to == Criterion::Any
        || had == 1 && has == 1
        || had == 1 && to == Criterion::One
        || has == 1 && from == Criterion::All;
    if extended { Ok(Some(Rule::CombinedTypeExtended)) } else { Err(Rule::CombinedTypeChanged) }
}

/// Each member of the original with each of the update.
pub(super) struct Matrix {
    from: Criterion,
    original: Vec<(usize, NodeId)>,
    update: Vec<(usize, NodeId)>,
    /// What is told before the members.
    told: Vec<Rule>,
    /// For each member of the original those of the update that it fits.
    edges: Vec<Vec<(u32, ResultId)>>,
    /// How many pairs were asked for.
    asked: usize,
}

impl Matrix {
    pub(super) fn new(
        from: Criterion,
        to: Criterion,
        original: Vec<(usize, NodeId)>,
        update: Vec<(usize, NodeId)>,
        mut told: Vec<Rule>,
    ) -> Self {
        told.extend(match original.len().cmp(&update.len()) {
            std::cmp::Ordering::Less if to == Criterion::All => Some(Rule::ProductTypeExtended),
            std::cmp::Ordering::Less => Some(Rule::SumTypeExtended),
            std::cmp::Ordering::Greater if from == Criterion::All => Some(Rule::ProductTypeNarrowed),
            std::cmp::Ordering::Greater => Some(Rule::SumTypeNarrowed),
            std::cmp::Ordering::Equal => None,
        });
        let edges = vec![Vec::new(); original.len()];
        Matrix { from, original, update, told, edges, asked: 0 }
    }

    /// The next pair of members.
    pub(super) fn next(&mut self, pair: Pair) -> Option<Pair> {
        let (row, column) = (self.asked.checked_div(self.update.len())?, self.asked % self.update.len());
        let &(_, original) = self.original.get(row)?;
        self.asked += 1;
        let inner = |at: At, node| at.inner(node);
        Some(Pair { original: inner(pair.original, original), update: inner(pair.update, self.update[column].1) })
    }

    /// The pair that was asked for last fits.
    pub(super) fn fits(&mut self, result: ResultId) {
        let last = self.asked - 1;
        let column = super::report::small(last % self.update.len());
        self.edges[last / self.update.len()].push((column, result));
    }

    /// What the members have come to.
    pub(super) fn tell(&self, items: &mut Vec<Item<'_>>, work: &Work) -> Result<(), Spent> {
        items.extend(self.told.iter().map(|&rule| Item::Difference(rule, None)));
        let matched = self.matching(work)?;
        for (row, result) in &matched {
            if *result != super::NOTHING {
                items.push(Item::All(*result, Some(Step::index(self.from.as_str(), self.original[*row].0))));
            }
        }
        if matched.len() < self.original.len().min(self.update.len()) {
            items.push(Item::Difference(Rule::CombinedTypeSubschemasChanged, None));
        }
        Ok(())
    }

    /// As many members of the original as can each have a member of the update for itself, and the results of those pairs.
    fn matching(&self, work: &Work) -> Result<Vec<(usize, ResultId)>, Spent> {
        const FREE: usize = usize::MAX;
        let mut taken_by = vec![FREE; self.update.len()];
        let mut chosen: Vec<Option<u32>> = vec![None; self.original.len()];
        for start in 0..self.original.len() {
            // Breadth first from a member without a partner to a partner without a member: `came` says by which row.
            let mut came = vec![FREE; self.update.len()];
            let mut rows = VecDeque::from([start]);
            let mut end = None;
            work.spend(self.update.len() / 16)?;
            'search: while let Some(row) = rows.pop_front() {
                work.spend(1 + self.edges[row].len())?;
                for &(column, _) in &self.edges[row] {
                    let column = column as usize;
                    if came[column] != FREE {
                        continue;
                    }
                    came[column] = row;
                    match taken_by[column] {
                        FREE => {
                            end = Some(column);
                            break 'search;
                        }
                        other => rows.push_back(other),
                    }
                }
            }
            while let Some(column) = end {
                let row = came[column];
                taken_by[column] = row;
                end = chosen[row].replace(super::report::small(column)).map(|before| before as usize);
            }
        }
        let result = |row: usize, column: u32| self.edges[row].iter().find(|edge| edge.0 == column).map(|edge| edge.1);
        Ok((0..).zip(chosen).filter_map(|(row, column)| Some((row, result(row, column?)?))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_go_together_or_not() {
        use Criterion::{All, Any, One};
        #[track_caller]
        fn check(from: Criterion, had: usize, to: Criterion, has: usize, extended: bool) {
            let wanted = if extended { Ok(Some(Rule::CombinedTypeExtended)) } else { Err(Rule::CombinedTypeChanged) };
            assert_eq!(criteria(from, had, to, has), wanted, "{from:?} {had} {to:?} {has}");
        }
        assert_eq!(criteria(All, 2, All, 3), Ok(None));
        for had in 1..3 {
            for has in 1..3 {
                let one = had == 1 && has == 1;
                check(All, had, Any, has, true);
                check(One, had, Any, has, true);
                check(All, had, One, has, had == 1 || has == 1);
                check(Any, had, All, has, one);
                check(One, had, All, has, one);
                check(Any, had, One, has, had == 1);
            }
        }
    }

    #[test]
    fn a_maximum_matching_gives_way_where_it_has_to() {
        let rows = |count| (0..count).map(|at| (at, 0)).collect();
        let mut matrix = Matrix::new(Criterion::One, Criterion::One, rows(3), rows(3), Vec::new());
        matrix.edges = vec![vec![(0, 1), (1, 2)], vec![(0, 3)], vec![(1, 4), (2, 5)]];
        let found = matrix.matching(&Work::unlimited()).unwrap();
        assert_eq!(found, [(0, 2), (1, 3), (2, 5)]);
        matrix.edges = vec![vec![(0, 1)], vec![(0, 3)], vec![]];
        assert_eq!(matrix.matching(&Work::unlimited()).unwrap().len(), 1);
    }
}

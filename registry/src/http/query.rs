//! Query parameters, with the reference's rules: the first value of a scalar wins, an integer that is not one is a generic
//! 404, a boolean is true for `true` in any letter case and false otherwise, lists are repeated parameters.

use rules::fault::Fault;

/// The parameters of a request, decoded.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes a query; broken escapes stay as they are.
    pub fn parse(query: Option<&str>) -> Self {
        Query(query.map(|q| form_urlencoded::parse(q.as_bytes()).into_owned().collect()).unwrap_or_default())
    }

    /// The first value.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All names and values, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Replaces the first value of a parameter that is there.
    pub fn replace(&mut self, name: &str, text: String) {
        if let Some((_, value)) = self.0.iter_mut().find(|(key, _)| key == name) {
            *value = text;
        }
    }

    /// Is it `true`?
    pub fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// An integer; empty is absent.
    ///
    /// # Errors
    /// `NoSuchResource` for what is not a 32-bit integer.
    pub fn integer(&self, name: &str) -> Result<Option<i32>, Fault> {
        match self.text(name) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| Fault::NoSuchResource),
        }
    }

    /// `offset` and `limit`; a limit that is not between 1 and `longest` is `longest`.
    ///
    /// # Errors
    /// `NoSuchResource`, `NegativeOffset`.
    pub fn page(&self, longest: usize) -> Result<(usize, usize), Fault> {
        let offset = usize::try_from(self.integer("offset")?.unwrap_or(0)).map_err(|_| Fault::NegativeOffset);
        let limit = self.integer("limit")?.and_then(|limit| usize::try_from(limit).ok());
        Ok((offset?, limit.filter(|limit| (1..=longest).contains(limit)).unwrap_or(longest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_as_the_reference_reads_them() {
        let query = Query::parse(Some("deleted=True&deleted=false&n=%2B1&e=&a=x&a=y%20z+w&bad=%zz"));
        assert!(query.flag("deleted"));
        assert!(!query.flag("e"));
        assert_eq!(query.integer("n").ok(), Some(Some(1)));
        assert_eq!(query.integer("e").ok(), Some(None));
        assert!(matches!(query.integer("a"), Err(Fault::NoSuchResource)));
        assert_eq!(query.list("a").collect::<Vec<_>>(), ["x", "y z w"]);
        assert_eq!(query.text("bad"), Some("%zz"));
    }

    #[test]
    fn a_limit_out_of_range_is_the_longest() {
        let page = |query: &str| Query::parse(Some(query)).page(1000).ok();
        assert_eq!(page(""), Some((0, 1000)));
        assert_eq!(page("limit=5&offset=2"), Some((2, 5)));
        assert_eq!(page("limit=5000"), Some((0, 1000)));
        assert_eq!(page("limit=-1"), Some((0, 1000)));
        assert_eq!(page("limit=0"), Some((0, 1000)));
        assert_eq!(page("offset=-1"), None);
        assert_eq!(page("limit=x"), None);
    }
}

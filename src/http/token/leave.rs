//! What a token gives leave to do: its scopes, in the words of this service, and what its organisation may do at most.
use std::collections::HashMap;

/// The scope that gives all others.
pub const ADMIN: &str = "admin";

/// How the scopes of an issuer are ours.
#[derive(Debug, Clone, PartialEq)]
pub enum Scopes {
    /// They are named as ours are.
    Own,
    /// These are mapped; and those that begin with a prefix are ours without it, with `.` for `:`. Others give nothing.
    Mapped { map: HashMap<String, Vec<String>>, prefix: Option<String> },
}

impl Scopes {
    /// Our scopes, for those of a token with spaces between.
    pub fn given(&self, text: &str) -> Vec<String> {
        let named = text.split(' ').filter(|scope| !scope.is_empty());
        match self {
            Self::Own => named.map(str::to_owned).collect(),
            Self::Mapped { map, prefix } => named
                .flat_map(|scope| {
                    let mapped = map.get(scope).into_iter().flatten().cloned();
                    let rest = prefix.as_deref().and_then(|prefix| scope.strip_prefix(prefix));
                    mapped.chain(rest.map(|rest| rest.replace('.', ":")))
                })
                .collect(),
        }
    }
}

/// What a token gives leave to do.
#[derive(Debug, Clone)]
pub struct Leave {
    pub(super) scopes: Vec<String>,
    /// What its organisation may do; none where that is not looked at.
    pub(super) limit: Option<Vec<String>>,
}

/// Why there is no leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// The token does not have the scope.
    Scope,
    /// The organisation may not use it.
    Organisation,
}

impl Leave {
    /// Whether there is leave for a scope: from the token, and where it is for an organisation from its rules too.
    pub fn covers(&self, scope: &str) -> Result<(), Lacking> {
        let covered = |all: &[String]| all.iter().any(|given| given == scope || given == ADMIN);
        match &self.limit {
            _ if !covered(&self.scopes) => Err(Lacking::Scope),
            Some(limit) if !covered(limit) => Err(Lacking::Organisation),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(all: &[&str]) -> Vec<String> {
        all.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn scopes_are_mapped_and_others_give_nothing() {
        let map = HashMap::from([("nav:x/figures".to_owned(), words(&["observations:write", "indicators:write"]))]);
        let scopes = Scopes::Mapped { map, prefix: Some("nav:opptrapping/".into()) };
        let given = scopes.given("nav:x/figures  nav:opptrapping/grants.write grants:write admin other");
        assert_eq!(given, words(&["observations:write", "indicators:write", "grants:write"]));
        assert_eq!(Scopes::Own.given(" grants:write  admin"), words(&["grants:write", "admin"]));
    }

    #[test]
    fn an_organisation_limits_what_a_scope_gives() {
        let leave = |scopes: &[&str], limit: Option<&[&str]>| Leave { scopes: words(scopes), limit: limit.map(words) };
        let all = [
            (leave(&["grants:write"], None), Ok(())),
            (leave(&["plans:write"], None), Err(Lacking::Scope)),
            (leave(&["grants:write"], Some(&["grants:write"])), Ok(())),
            (leave(&["admin"], Some(&["grants:write"])), Ok(())),
            (leave(&["grants:write"], Some(&["admin"])), Ok(())),
            (leave(&["plans:write"], Some(&["grants:write"])), Err(Lacking::Scope)),
            (leave(&["grants:write"], Some(&["plans:write"])), Err(Lacking::Organisation)),
            (leave(&["admin"], Some(&["plans:write"])), Err(Lacking::Organisation)),
            (leave(&["admin"], Some(&[])), Err(Lacking::Organisation)),
        ];
        for (leave, wanted) in all {
            assert_eq!(leave.covers("grants:write"), wanted, "{leave:?}");
        }
    }
}

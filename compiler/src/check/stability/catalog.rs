//! What the catalog says about the names that an expression calls.

use flusso_schemas::facts::{Ask, ProbeError};
use flusso_schemas::name::quote_literal;

use super::super::Checker;
use super::{pinned, unstable};
use crate::diagnostic::{Diagnostic, Place};
use crate::sql_text::{Call, Names};

/// Between two parts of one line of an answer.
const PART: char = '\u{1f}';

/// A function or operator by its name, with all of that name that the expression can see.
pub(super) struct Called {
    name: String,
    is_operator: bool,
    overloads: Vec<Overload>,
}

/// One of a name.
struct Overload {
    schema: String,
    /// `provolatile`: i, s or v.
    volatility: char,
}

/// A cast that is not immutable and not of Postgres itself.
pub(super) struct Cast {
    pub(super) source: String,
    pub(super) target: String,
}

impl Cast {
    /// Whether it may be what turns a value of one of these types into another: a user's type comes up, and
    /// every type of a user that comes up is among them.
    pub(super) fn is_among(&self, types: &[String]) -> bool {
        let last = |name: &str| name.rsplit('.').next().unwrap_or(name).trim_matches('"').to_owned();
        let both = [self.source.as_str(), self.target.as_str()];
        let of_users: Vec<&str> = both.into_iter().filter(|name| name.contains('.')).collect();
        if of_users.is_empty() && self.source != self.target {
            // No name says where a value of one of Postgres's own types is turned into another.
            return true;
        }
        let ends = if of_users.is_empty() { both.to_vec() } else { of_users };
        let ends: Vec<String> = ends.into_iter().map(last).collect();
        types.iter().any(|name| ends.contains(&last(name)))
    }
}

impl<'a> Checker<'a> {
    /// The functions of the names that are called.
    pub(super) fn functions(&mut self, names: &Names) -> Vec<Called> {
        let path = self.search_path.clone();
        names.calls.iter().map(|call| self.function(call, &path)).collect()
    }

    fn function(&mut self, call: &Call, path: &[String]) -> Called {
        let overloads = self.overloads(format!(
            "select n.nspname || '{PART}' || p.provolatile::text from pg_catalog.pg_proc p \
             join pg_catalog.pg_namespace n on n.oid = p.pronamespace where p.proname = {}",
            quote_literal(&call.name)
        ));
        let is_visible = |overload: &Overload| match &call.schema {
            Some(schema) => *schema == overload.schema,
            None => path.contains(&overload.schema),
        };
        let name = match &call.schema {
            Some(schema) => format!("{schema}.{}", call.name),
            None => call.name.clone(),
        };
        let overloads = overloads.into_iter().filter(is_visible).collect();
        Called { name, is_operator: false, overloads }
    }

    /// The operators that are written.
    pub(super) fn operators(&mut self, names: &Names) -> Vec<Called> {
        let path = self.search_path.clone();
        let each = |name: &String| {
            let overloads = self.overloads(format!(
                "select n.nspname || '{PART}' || p.provolatile::text from pg_catalog.pg_operator o \
                 join pg_catalog.pg_proc p on p.oid = o.oprcode \
                 join pg_catalog.pg_namespace n on n.oid = o.oprnamespace where o.oprname = {}",
                quote_literal(name)
            ));
            let overloads =
                overloads.into_iter().filter(|overload| path.contains(&overload.schema)).collect();
            Called { name: name.clone(), is_operator: true, overloads }
        };
        names.operators.iter().map(each).collect()
    }

    /// The types of what is cast to, of arguments and results of users' functions, and of whatever these are
    /// made of.
    pub(super) fn types_of_names(&mut self, names: &Names) -> Result<&'a [String], &'a ProbeError> {
        if names.casts.is_empty() && names.calls.is_empty() {
            return Ok(&[]);
        }
        let list = |names: &mut dyn Iterator<Item = &String>| {
            let literals: Vec<String> = names.map(|name| quote_literal(name)).collect();
            format!("array[{}]::pg_catalog.name[]", literals.join(", "))
        };
        let types = list(&mut names.casts.iter());
        let functions = list(&mut names.calls.iter().map(|call| &call.name));
        self.rows(format!(
            "with recursive part(oid) as (\
             select t.oid from pg_catalog.pg_type t where t.typname = any({types}) \
             union select each.oid from pg_catalog.pg_proc p cross join pg_catalog.unnest(\
             p.prorettype || p.proargtypes::pg_catalog.oid[] || p.proallargtypes) each(oid) \
             where p.proname = any({functions}) and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace \
             union select within.oid from part join pg_catalog.pg_type t using (oid) cross join lateral (\
             select t.typbasetype where t.typbasetype <> 0 union all select t.typelem where t.typelem <> 0 \
             union all select a.atttypid from pg_catalog.pg_attribute a \
             where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) within(oid)) \
             select pg_catalog.format_type(oid, null) from part"
        ))
    }

    fn overloads(&mut self, sql: String) -> Vec<Overload> {
        let Ok(lines) = self.rows(sql) else {
            // What the catalog does not say is taken for the worst.
            return vec![Overload { schema: "pg_catalog".to_owned(), volatility: 'v' }];
        };
        let overload = |line: &String| {
            let (schema, volatility) = line.split_once(PART)?;
            Some(Overload { schema: schema.to_owned(), volatility: volatility.chars().next()? })
        };
        lines.iter().filter_map(overload).collect()
    }

    /// Casts, and types' own readings and spellings, that someone else made and that are not immutable;
    /// the server's objection where it refuses to say.
    pub(super) fn casts(&mut self) -> Result<Vec<Cast>, &'a ProbeError> {
        let lines = self.rows(format!(
            "select pg_catalog.format_type(source, null) || '{PART}' || pg_catalog.format_type(target, null) from (\
             select castsource as source, casttarget as target, castfunc as oid from pg_catalog.pg_cast \
             union all select 'text'::pg_catalog.regtype, oid, typinput from pg_catalog.pg_type \
             union all select oid, 'text'::pg_catalog.regtype, typoutput from pg_catalog.pg_type) each(source, target, oid) \
             join pg_catalog.pg_proc p using (oid) \
             where p.provolatile <> 'i' and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace"
        ))?;
        let cast = |line: &String| {
            let (source, target) = line.split_once(PART)?;
            Some(Cast { source: source.to_owned(), target: target.to_owned() })
        };
        let mut casts: Vec<Cast> = lines.iter().filter_map(cast).collect();
        // The names of these types are looked up in the catalog each time.
        casts.extend(
            pinned::CATALOG_TYPES
                .iter()
                .map(|name| Cast { source: (*name).to_owned(), target: (*name).to_owned() }),
        );
        Ok(casts)
    }

    /// The rows of a query of the catalog; none as long as it was not asked.
    fn rows(&mut self, sql: String) -> Result<&'a [String], &'a ProbeError> {
        match self.probes.ask(Ask::Rows, sql, Vec::new()) {
            Some(answer) => answer.as_deref(),
            None => Ok(&[]),
        }
    }
}

impl Called {
    /// What speaks against calling it; `is_immutable` where the server found the whole expression immutable.
    pub(super) fn objection(&self, is_immutable: bool, place: &Place) -> Option<Diagnostic> {
        let has = |volatility: char, built_in: bool| {
            let is_built_in = |overload: &&Overload| (overload.schema == "pg_catalog") == built_in;
            self.overloads.iter().filter(is_built_in).any(|overload| overload.volatility == volatility)
        };
        let is_resolved =
            is_immutable && self.overloads.iter().any(|overload| overload.schema == "pg_catalog");
        if (has('v', true) && !is_immutable) || (has('v', false) && !is_resolved) {
            return Some(self.acts(place));
        }
        if has('s', false) && !is_resolved {
            return Some(self.is_not_immutable(place));
        }
        if has('s', true)
            && !is_immutable
            && !pinned::depends_on_pinned_settings(&self.name, self.is_operator)
        {
            return Some(unstable(&format!("`{}`", self.name), place));
        }
        None
    }

    fn acts(&self, place: &Place) -> Diagnostic {
        let message = format!(
            "`{}` is volatile: it may do something, or give another value for the same row",
            self.name
        );
        Diagnostic::deny("sql-side-effect", place.clone(), message).help(format!("leave `{}` out", self.name))
    }

    fn is_not_immutable(&self, place: &Place) -> Diagnostic {
        let message = format!(
            "`{}` is declared stable: what it reads beside its arguments may change, and the document would stay",
            self.name
        );
        Diagnostic::deny("sql-expression-unstable", place.clone(), message)
            .help("declare it `immutable` if it depends on its arguments only, else leave it out")
    }
}

//! What the catalog says about the names that an expression calls.

use flusso_lints::{sql_expression_unstable, sql_side_effect};
use flusso_schemas::facts::{Ask, ProbeError};
use flusso_schemas::name::quote_literal;

use super::super::Checker;
use super::pinned;
use crate::diagnostic::{Diagnostic, Place};
use crate::sql_text::{Call, UsedNames};

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
pub(super) struct UnstableCast {
    pub(super) source: String,
    pub(super) target: String,
    /// Whether it is made only where the text says the type that it leads to.
    is_explicit: bool,
}

/// What an expression may turn into what, by names as `format_type` spells them.
pub(super) struct Used {
    /// Types of the values that come up.
    pub(super) values: Vec<String>,
    /// Types that are cast to.
    pub(super) targets: Vec<String>,
}

impl UnstableCast {
    pub(super) fn finding(&self, place: &Place) -> Diagnostic {
        sql_expression_unstable::cast(&self.source, &self.target, place.clone())
    }

    /// Whether it may be what turns a value into another: each of its ends that is a user's type comes up, and
    /// what it leads to is cast to where it is made in no other way.
    pub(super) fn is_among(&self, used: &Used) -> bool {
        let is_users = |name: &String| name.contains('.');
        let has_value = |name: &String| used.values.contains(name);
        if self.source == self.target {
            return has_value(&self.source);
        }
        if !is_users(&self.source) && !is_users(&self.target) {
            // No name says where a value of one of Postgres's own types is turned into another.
            return true;
        }
        let comes_up = |name: &String| !is_users(name) || has_value(name);
        comes_up(&self.source)
            && comes_up(&self.target)
            && (is_users(&self.target) || !self.is_explicit || used.targets.contains(&self.target))
    }
}

/// Types of Postgres as the grammar spells them too, with the names that `format_type` gives them.
const SPELLINGS: &[(&str, &[&str])] = &[
    ("bigint", &["bigint"]),
    ("bit", &["\"bit\"", "bit", "bit varying"]),
    ("boolean", &["boolean"]),
    ("char", &["\"char\"", "character", "character varying"]),
    ("character", &["character", "character varying"]),
    ("dec", &["numeric"]),
    ("decimal", &["numeric"]),
    ("double", &["double precision"]),
    ("float", &["double precision", "real"]),
    ("int", &["integer"]),
    ("integer", &["integer"]),
    ("national", &["character", "character varying"]),
    ("nchar", &["character", "character varying"]),
    ("real", &["real"]),
    ("smallint", &["smallint"]),
    ("time", &["time with time zone", "time without time zone"]),
    ("timestamp", &["timestamp with time zone", "timestamp without time zone"]),
];

/// The types that an expression's text casts to by names of the grammar, or that what it calls casts to.
pub(super) fn targets(names: &UsedNames) -> Vec<String> {
    let spelled =
        |cast: &Call| SPELLINGS.iter().find(|(name, _)| *name == cast.name).map(|(_, types)| *types);
    let mut targets: Vec<String> =
        names.casts.iter().filter_map(spelled).flatten().map(|&name| name.to_owned()).collect();
    // `to_json(x)` looks for a cast to `json`; `quote_literal(x)` and `'a' || x` are made with one to `text`.
    if !names.calls.is_empty() || names.operators.contains("||") {
        targets.extend(["json", "text"].map(str::to_owned));
    }
    targets
}

impl<'a> Checker<'a> {
    /// The functions of the names that are called.
    pub(super) fn functions(&mut self, names: &UsedNames) -> Vec<Called> {
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
    pub(super) fn operators(&mut self, names: &UsedNames) -> Vec<Called> {
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
    pub(super) fn types_of_names(&mut self, names: &UsedNames) -> Result<&'a [String], &'a ProbeError> {
        if names.casts.is_empty() && names.calls.is_empty() {
            return Ok(&[]);
        }
        let list = |names: &mut dyn Iterator<Item = &String>| {
            let literals: Vec<String> = names.map(|name| quote_literal(name)).collect();
            format!("array[{}]::pg_catalog.name[]", literals.join(", "))
        };
        let path = list(&mut self.search_path.iter());
        let types = list(&mut names.casts.iter().map(|cast| &cast.name));
        let no_schema = String::new();
        let schemas = list(&mut names.casts.iter().map(|cast| cast.schema.as_ref().unwrap_or(&no_schema)));
        let functions = list(&mut names.calls.iter().map(|call| &call.name));
        self.rows(format!(
            "with recursive part(oid) as (\
             select t.oid from pg_catalog.pg_type t \
             join pg_catalog.pg_namespace n on n.oid = t.typnamespace \
             join rows from (pg_catalog.unnest({schemas}), pg_catalog.unnest({types})) cast_to(schema, name) \
             on t.typname = cast_to.name and (n.nspname = cast_to.schema \
             or cast_to.schema = '' and n.nspname = any({path})) \
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
            // Whatever the catalog does not answer counts as volatile.
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
    pub(super) fn casts(&mut self) -> Result<Vec<UnstableCast>, &'a ProbeError> {
        let lines = self.rows(format!(
            "select pg_catalog.format_type(source, null) || '{PART}' || pg_catalog.format_type(target, null) \
             || '{PART}' || context::pg_catalog.text from (\
             select castsource as source, casttarget as target, castfunc as oid, castcontext from pg_catalog.pg_cast \
             union all select 'text'::pg_catalog.regtype, oid, typinput, 'i' from pg_catalog.pg_type \
             union all select oid, 'text'::pg_catalog.regtype, typoutput, 'i' from pg_catalog.pg_type) \
             each(source, target, oid, context) \
             join pg_catalog.pg_proc p using (oid) \
             where p.provolatile <> 'i' and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace"
        ))?;
        let cast = |line: &String| {
            let (source, rest) = line.split_once(PART)?;
            let (target, context) = rest.split_once(PART)?;
            let is_explicit = context != "i";
            Some(UnstableCast { source: source.to_owned(), target: target.to_owned(), is_explicit })
        };
        let mut casts: Vec<UnstableCast> = lines.iter().filter_map(cast).collect();
        // The names of these types are looked up in the catalog each time.
        casts.extend(pinned::CATALOG_TYPES.iter().map(|name| UnstableCast {
            source: (*name).to_owned(),
            target: (*name).to_owned(),
            is_explicit: false,
        }));
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
            return Some(sql_side_effect::finding(&self.name, place.clone()));
        }
        if has('s', false) && !is_resolved {
            return Some(sql_expression_unstable::stable_function(&self.name, place.clone()));
        }
        if has('s', true)
            && !is_immutable
            && !pinned::depends_on_pinned_settings(&self.name, self.is_operator)
        {
            return Some(sql_expression_unstable::reads_outside(&self.name, place.clone()));
        }
        None
    }
}

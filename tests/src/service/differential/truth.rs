//! The truth: for each index one correlated query that says by itself what every document is. It shares
//! nothing with the compiler but the language's rules.

use serde_json::Value;

use super::condition::Condition;
use super::config::{Aggregate, Config, Field, Form, Order, Relation, Scalar, Shape, Source, Step};
use super::schema::{World, literal, quoted};
use super::types::{Family, Type};

/// What the truth's queries call; made once a database.
pub(super) const HELPERS: [&str; 2] = [
    "create collation \"differential folded\" (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    "create function differential_sum(all_of interval[]) returns interval language plpgsql as $$
     declare each interval; months numeric := 0; days numeric := 0; hours numeric := 0; seconds numeric := 0;
     begin
       foreach each in array coalesce(all_of, array[]::interval[]) loop
         continue when each is null;
         months := months + 12 * extract(year from each) + extract(month from each);
         days := days + extract(day from each);
         seconds := seconds + 3600 * extract(hour from each) + 60 * extract(minute from each) + extract(second from each);
       end loop;
       if coalesce(cardinality(array_remove(all_of, null)), 0) = 0 then return null; end if;
       hours := trunc(seconds / 3600);
       return make_interval(months => months::int, days => days::int, hours => hours::int,
         secs => (seconds - 3600 * hours)::double precision);
     exception when numeric_value_out_of_range or interval_field_overflow or datetime_field_overflow then return null;
     end $$",
];

/// The query of an index's documents: the key's parts as their types print them, then the document.
pub(super) fn documents(world: &World, config: &Config) -> String {
    let mut truth = Truth { world, aliases: 0 };
    let root = &world.tables[config.table];
    let part = |column: &usize| format!("format('%s', t.{})", quoted(&root.columns[*column].name));
    let key: Vec<String> = root.key.iter().map(part).collect();
    let document = truth.object(&config.fields, config.table, "t");
    let condition = truth.condition(config.condition.as_ref(), config.table, "t");
    format!(
        "select {}, ({document})::text from {} t where {condition}",
        key.join(", "),
        world.table_sql(config.table)
    )
}

struct Truth<'a> {
    world: &'a World,
    aliases: usize,
}

impl Truth<'_> {
    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    fn column(&self, table: usize, alias: &str, column: usize) -> String {
        format!("{alias}.{}", quoted(&self.world.tables[table].columns[column].name))
    }

    fn condition(&self, condition: Option<&Condition>, table: usize, alias: &str) -> String {
        condition.map_or_else(|| "true".to_owned(), |condition| condition.sql(self.world, table, alias))
    }

    fn object(&mut self, fields: &[Field], table: usize, alias: &str) -> String {
        let mut members = Vec::new();
        for field in fields {
            let value = self.field(field, table, alias);
            members.push(format!("{}, {value}", literal(&field.key)));
        }
        format!("json_build_object({})", members.join(", "))
    }

    fn field(&mut self, field: &Field, table: usize, alias: &str) -> String {
        let (value, otherwise) = match &field.form {
            Form::Scalar(scalar) => {
                let value = self.scalar(scalar, table, alias);
                let absent = absent(scalar);
                (format!("coalesce({value}, {absent})"), absent)
            }
            Form::Object(inner) => (self.object(inner, table, alias), json_literal(&Value::Null)),
            Form::Constant(value) => (json_literal(value), json_literal(&Value::Null)),
            Form::Relation(relation) => self.relation(relation, table, alias),
            Form::Aggregate(aggregate) => self.aggregate(aggregate, table, alias),
        };
        match &field.when {
            None => value,
            Some(when) => {
                let holds = when.sql(self.world, table, alias);
                format!("(case when {holds} then {value} else {otherwise} end)")
            }
        }
    }

    fn source(&self, source: &Source, table: usize, alias: &str) -> String {
        match source {
            Source::Column(column) => self.column(table, alias, *column),
            Source::Sql(column, text) => {
                format!("({})", text.replace("$c", &self.column(table, alias, *column)))
            }
        }
    }

    /// JSON, or null where there is no value.
    fn scalar(&self, scalar: &Scalar, table: usize, alias: &str) -> String {
        let value = self.source(&scalar.source, table, alias);
        if !scalar.of.array {
            return token(scalar, &value);
        }
        let element = Type { array: false, ..scalar.of.clone() };
        let item = token_of(scalar, &element, "element.x");
        format!(
            "(case when {value} is not null then coalesce((select json_agg({item} order by element.n) \
             from unnest({value}) with ordinality element(x, n)), '[]'::json) end)"
        )
    }

    /// FROM and WHERE of a path that hangs on a row, and the target's alias.
    fn chain(&mut self, path: &[Step], from: usize, alias: &str) -> (String, String, String) {
        let (mut tables, mut wheres) = (Vec::new(), Vec::new());
        let (mut before, mut before_alias) = (from, alias.to_owned());
        for step in path {
            let alias = self.alias();
            tables.push(format!("{} {alias}", self.world.table_sql(step.table)));
            for (theirs, ours) in &step.pairs {
                let (left, right) =
                    (self.column(before, &before_alias, *theirs), self.column(step.table, &alias, *ours));
                wheres.push(format!("{left} = {right}"));
            }
            wheres.push(self.condition(step.condition.as_ref(), step.table, &alias));
            (before, before_alias) = (step.table, alias);
        }
        (tables.join(", "), wheres.join(" and "), before_alias)
    }

    fn relation(&mut self, relation: &Relation, table: usize, alias: &str) -> (String, String) {
        let target = relation.path.last().expect("a path has a step").table;
        let (tables, wheres, row) = self.chain(&relation.path, table, alias);
        let value = match &relation.shape {
            Shape::Object(inner) => self.object(inner, target, &row),
            Shape::Value(scalar) => self.scalar(scalar, target, &row),
        };
        if !relation.is_to_many() {
            let order = self.order(relation, target, &row);
            let one = format!("(select {value} from {tables} where {wheres} order by {order} limit 1)");
            let absent = match &relation.shape {
                Shape::Object(_) => json_literal(&Value::Null),
                Shape::Value(scalar) => absent(scalar),
            };
            return (format!("coalesce({one}, {absent})"), absent);
        }
        let order = self.order(relation, target, &row);
        let limit = relation.limit.map_or_else(String::new, |most| format!(" limit {most}"));
        let rows = match &relation.shape {
            Shape::Object(_) if relation.distinct => {
                let name = self.world.table_sql(target);
                format!(
                    "select {value} as v, row_number() over (order by {order}) as n from {name} {row} \
                     where {row}.ctid in (select {row}.ctid from {tables} where {wheres}) order by n{limit}"
                )
            }
            Shape::Object(_) => {
                format!(
                    "select {value} as v, row_number() over (order by {order}) as n from {tables} where {wheres} order by n{limit}"
                )
            }
            Shape::Value(_) if relation.distinct => format!(
                "select v::json as v, row_number() over (order by min(n), v collate \"C\") as n from \
                 (select ({value})::text as v, rank() over (order by {order}) as n from {tables} \
                 where {wheres} and ({value}) is not null) each group by v order by n{limit}"
            ),
            Shape::Value(_) => format!(
                "select {value} as v, row_number() over (order by {order}) as n from {tables} \
                 where {wheres} and ({value}) is not null order by n{limit}"
            ),
        };
        let empty = "'[]'::json".to_owned();
        (format!("coalesce((select json_agg(o.v order by o.n) from ({rows}) o), {empty})"), empty)
    }

    /// As written, else by the value; ties by the key.
    fn order(&self, relation: &Relation, target: usize, row: &str) -> String {
        let mut parts: Vec<String> =
            relation.order_by.iter().map(|item| self.order_item(item, target, row)).collect();
        let table = &self.world.tables[target];
        if let (Shape::Value(scalar), true, true) = (&relation.shape, parts.is_empty(), relation.is_to_many())
            && scalar.of.base.ordered
        {
            parts.push(by_code_point(&self.source(&scalar.source, target, row), &scalar.of));
        }
        let is_distinct_value = relation.distinct && matches!(relation.shape, Shape::Value(_));
        if !is_distinct_value {
            let key = table.key.iter();
            parts.extend(
                key.map(|column| {
                    by_code_point(&self.column(target, row, *column), &table.columns[*column].of)
                }),
            );
        }
        if parts.is_empty() { format!("{row}.ctid") } else { parts.join(", ") }
    }

    fn order_item(&self, item: &Order, table: usize, row: &str) -> String {
        let of = &self.world.tables[table].columns[item.column].of;
        let key = by_code_point(&self.column(table, row, item.column), of);
        let direction = if item.descending { "desc" } else { "asc" };
        let nulls = if item.nulls_first { "first" } else { "last" };
        format!("{key} {direction} nulls {nulls}")
    }

    fn aggregate(&mut self, aggregate: &Aggregate, table: usize, alias: &str) -> (String, String) {
        let target = aggregate.path.last().expect("a path has a step").table;
        let (tables, wheres, row) = self.chain(&aggregate.path, table, alias);
        let of = aggregate.of.as_ref().map(|of| self.source(of, target, &row));
        let over = |what: String| format!("(select {what} from {tables} where {wheres})");
        let Some(of) = of else {
            return match aggregate.function {
                "exists" => (over("to_json(count(*) > 0)".to_owned()), "'false'::json".to_owned()),
                _ => (over(format!("to_json(count(distinct {row}.ctid))")), "'0'::json".to_owned()),
            };
        };
        if aggregate.function == "count" {
            let distinct = if aggregate.distinct { "distinct " } else { "" };
            return (over(format!("to_json(count({distinct}{of}))")), "'0'::json".to_owned());
        }
        let result = &aggregate.result;
        let intervals = format!("differential_sum(array_agg({of}))");
        let call = match (aggregate.function, result.of.family()) {
            ("sum", Family::Interval) => intervals,
            ("avg", Family::Interval) => format!("({intervals} / count({of}))"),
            // As a number: a sum of sums of money is no sum of money.
            ("sum", Family::Money) => format!("sum({of}::numeric)"),
            ("sum" | "avg", _) => format!("{}({of}::text::numeric)", aggregate.function),
            (function, _) => format!("{function}({})", by_code_point(&of, &result.of)),
        };
        let absent = absent(result);
        (format!("coalesce({}, {absent})", over(token(result, &call))), absent)
    }
}

/// What stands where there is no value.
fn absent(scalar: &Scalar) -> String {
    json_literal(scalar.default.as_ref().unwrap_or(&Value::Null))
}

fn json_literal(value: &Value) -> String {
    format!("{}::json", literal(&value.to_string()))
}

fn by_code_point(x: &str, of: &Type) -> String {
    let is_text = matches!(of.family(), Family::Text | Family::Char) && !of.base.sql.contains("char\"");
    if is_text && of.base.sql != "name" { format!("{x} collate \"C\"") } else { x.to_owned() }
}

fn token(scalar: &Scalar, x: &str) -> String {
    token_of(scalar, &scalar.of, x)
}

/// A value as its kind prints it, null where it has no value.
fn token_of(scalar: &Scalar, of: &Type, x: &str) -> String {
    let printed = printed(scalar, of, x);
    // Of a composite with one null in it `is not null` is false.
    format!("(case when ({x})::text is not null then {printed} end)")
}

fn printed(scalar: &Scalar, of: &Type, x: &str) -> String {
    let parameter = |name: &str| scalar.parameters.get(name);
    let number =
        format!("(case when {x}::text not in ('NaN', 'Infinity', '-Infinity') then to_json({x}) end)");
    match (scalar.kind, of.family()) {
        ("enum", Family::Integer) => {
            let labels = parameter("labels").and_then(Value::as_object).expect("integers have labels");
            let whens: String = labels
                .iter()
                .map(|(value, label)| {
                    format!("when '{value}' then {}", literal(label.as_str().expect("a text")))
                })
                .collect::<Vec<_>>()
                .join(" ");
            format!("to_json(case {x}::text {whens} else {x}::text end)")
        }
        ("keyword", Family::Inet) => format!("to_json(format('%s', {x}))"),
        ("keyword" | "text" | "identifier" | "search_as_you_type" | "uuid", _) => {
            format!("to_json({x}::text)")
        }
        ("date", Family::Timestamp | Family::TimestampTz) => moment(&format!("({x})::date"), false, ""),
        ("timestamp", Family::Timestamp) if parameter("zone").is_some() => {
            let zone = parameter("zone").and_then(Value::as_str).expect("a zone is a text");
            let within = format!("{x} >= '4714-11-26 BC' and {x} <= '294276-12-29'");
            let there = format!("({x} at time zone {})", literal(zone));
            format!("(case when {within} then {} end)", moment(&there, true, "Z"))
        }
        ("interval", _) if parameter("as").is_some() => format!("to_json(extract(epoch from {x}))"),
        ("decimal", Family::Money) => format!("to_json({x}::numeric)"),
        (_, Family::Integer | Family::Numeric | Family::Float) => number,
        (_, Family::Boolean) => format!("to_json({x})"),
        (_, Family::Date) => moment(x, false, ""),
        (_, Family::Timestamp) => moment(x, true, ""),
        (_, Family::TimestampTz) => moment(x, true, "Z"),
        (_, Family::Time) => format!(
            "to_json(lpad(extract(hour from {x})::text, 2, '0') || ':' || lpad(extract(minute from {x})::text, 2, '0') || ':' || to_char(extract(second from {x}), 'FM00.000000'))"
        ),
        (_, Family::Bytea) => format!("to_json(translate(encode({x}, 'base64'), E'\\n', ''))"),
        (_, Family::Json) => format!("({x})::json"),
        (_, Family::Jsonb) => format!("({x})::json"),
        (_, Family::Composite) => format!("to_json({x})"),
        ("ip", Family::Inet) => format!("to_json(split_part({x}::text, '/', 1))"),
        ("auto", Family::Inet) => format!("to_json(split_part({x}::text, '/', 1))"),
        _ => format!("to_json({x}::text)"),
    }
}

/// A day or a moment in ISO 8601 with an astronomical year, put together from its parts.
fn moment(x: &str, has_time: bool, zone: &str) -> String {
    let year = format!("(extract(year from {x}) + case when extract(year from {x}) < 0 then 1 else 0 end)");
    let two = |part: &str| format!("lpad(extract({part} from {x})::text, 2, '0')");
    let time = match has_time {
        true => format!(
            " || 'T' || {} || ':' || {} || ':' || to_char(extract(second from {x}), 'FM00.000000') || '{zone}'",
            two("hour"),
            two("minute")
        ),
        false => String::new(),
    };
    format!(
        "(case when isfinite({x}) then to_json(case when {year} < 0 then '-' when {year} > 9999 then '+' else '' end \
         || case when abs({year}) > 9999 then abs({year})::text else lpad(abs({year})::text, 4, '0') end \
         || '-' || {} || '-' || {}{time}) end)",
        two("month"),
        two("day")
    )
}

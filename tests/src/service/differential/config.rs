//! Random configs over a world: what is written, and the plain description that the truth is made from.

use serde_json::{Map, Value, json};

use super::condition::{Condition, written};
use super::random::Random;
use super::schema::{World, quoted};
use super::types::{Family, Type};

/// An index.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) table: usize,
    pub(super) condition: Option<Condition>,
    pub(super) fields: Vec<Field>,
    snake_case: bool,
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) when: Option<Condition>,
    pub(super) form: Form,
}

/// What fills it.
#[derive(Debug)]
pub(super) enum Form {
    Scalar(Scalar),
    Object(Vec<Field>),
    Constant(Value),
    Relation(Relation),
    Aggregate(Aggregate),
}

/// A value of a row.
#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) source: Source,
    /// The type of the value.
    pub(super) of: Type,
    pub(super) kind: &'static str,
    pub(super) parameters: Map<String, Value>,
    pub(super) default: Option<Value>,
    required: bool,
}

/// Where it comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Column(usize),
    /// An expression in which `$c` stands for the column.
    Sql(usize, &'static str),
}

/// One step of a path.
#[derive(Debug)]
pub(super) struct Step {
    /// The table before.
    from: usize,
    pub(super) table: usize,
    /// Columns of the table before and of this one.
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) condition: Option<Condition>,
    pub(super) to_one: bool,
    /// Which side is written first in `via`: the table before refers to this one.
    refers: bool,
    /// Whether `via` is left to the catalog.
    inferred: bool,
}

/// Related rows.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) verb: &'static str,
    pub(super) path: Vec<Step>,
    pub(super) order_by: Vec<Order>,
    pub(super) limit: Option<usize>,
    pub(super) distinct: bool,
    pub(super) shape: Shape,
    is_object: bool,
}

/// What is shown of them.
#[derive(Debug)]
pub(super) enum Shape {
    Object(Vec<Field>),
    Value(Box<Scalar>),
}

/// One item of an order.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) column: usize,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
}

/// One value over related rows.
#[derive(Debug)]
pub(super) struct Aggregate {
    pub(super) function: &'static str,
    pub(super) path: Vec<Step>,
    pub(super) of: Option<Source>,
    pub(super) distinct: bool,
    /// Kind and type of the result.
    pub(super) result: Scalar,
}

impl Relation {
    pub(super) fn is_to_many(&self) -> bool {
        matches!(self.verb, "has_many" | "many_to_many")
    }
}

/// Makes configs.
pub(super) struct Maker<'a> {
    pub(super) world: &'a World,
    pub(super) random: &'a mut Random,
    snake_case: bool,
}

const KEYS: [&str; 8] = ["a b", "Ключ", "x-y", "quo\"te", "sql", "null", "it's", "{rows:x}"];

impl<'a> Maker<'a> {
    pub(super) fn new(world: &'a World, random: &'a mut Random) -> Self {
        Self { world, random, snake_case: false }
    }

    pub(super) fn config(&mut self) -> Config {
        let keyed: Vec<usize> =
            (0..self.world.tables.len()).filter(|table| !self.world.tables[*table].key.is_empty()).collect();
        let table = *self.random.pick(&keyed);
        self.snake_case = self.random.chance(15);
        let condition = self.condition(table, 30);
        let count = self.random.between(3, 8);
        let fields = self.fields(table, 3, count);
        Config { table, condition, fields, snake_case: self.snake_case }
    }

    fn condition(&mut self, table: usize, percent: usize) -> Option<Condition> {
        if self.random.chance(percent) { Condition::new(self.world, self.random, table, 2) } else { None }
    }

    fn fields(&mut self, table: usize, depth: usize, count: usize) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for number in 0..count {
            let form = self.form(table, depth);
            let mut key = if self.random.chance(20) {
                (*self.random.pick(&KEYS)).to_owned()
            } else {
                format!("f{number}")
            };
            // Now and then the column is named by the key alone.
            if let Form::Scalar(Scalar { source: Source::Column(column), .. }) = &form
                && self.random.chance(25)
            {
                let name = &self.world.tables[table].columns[*column].name;
                if !name.contains('.') && name.trim() == name && name.to_lowercase() == *name {
                    key.clone_from(name);
                }
            }
            if fields.iter().any(|field| field.key == key) {
                key = format!("f{number}");
            }
            let when = self.condition(table, 12);
            fields.push(Field { key, when, form });
        }
        fields
    }

    fn form(&mut self, table: usize, depth: usize) -> Form {
        for _ in 0..6 {
            let form = match self.random.below(100) {
                0..=34 if depth > 0 => self.relation(table, depth).map(Form::Relation),
                35..=52 if depth > 0 => self.aggregate(table).map(Form::Aggregate),
                53..=57 if depth > 0 => {
                    let count = self.random.between(1, 3);
                    Some(Form::Object(self.fields(table, depth - 1, count)))
                }
                58..=60 => {
                    let values =
                        [json!("constant \"one\""), json!(7), json!(true), json!(["a", "b"]), json!(1.5)];
                    Some(Form::Constant(self.random.pick(&values).clone()))
                }
                _ => self.scalar(table, true).map(Form::Scalar),
            };
            if let Some(form) = form {
                return form;
            }
        }
        Form::Constant(json!("last resort"))
    }

    /// A value of a row; `is_own` where it is a field's own and may have a default or be a list.
    fn scalar(&mut self, table: usize, is_own: bool) -> Option<Scalar> {
        let columns = &self.world.tables[table].columns;
        let column = self.random.below(columns.len());
        let of = columns[column].of.clone();
        if self.random.chance(12) && !of.array {
            let (text, result, kind) = expression(of.family())?;
            let of = Type::named(result);
            return Some(Scalar {
                source: Source::Sql(column, text),
                of,
                kind,
                parameters: Map::new(),
                default: None,
                required: false,
            });
        }
        if of.array && !is_own {
            return None;
        }
        let (kind, parameters) = *self.random.pick_some(of.base.kinds)?;
        let parameters = serde_json::from_str(parameters).expect("parameters are JSON");
        let default = if is_own && self.random.chance(15) { default_of(kind, &of) } else { None };
        let required = is_own && columns[column].not_null && self.random.chance(10);
        Some(Scalar { source: Source::Column(column), of, kind, parameters, default, required })
    }

    /// A path of so many steps from a table.
    fn path(&mut self, from: usize, steps: usize) -> Option<Vec<Step>> {
        let mut path = Vec::new();
        let mut table = from;
        for _ in 0..steps {
            let step = self.step(table, steps == 1)?;
            // On a hop nothing but the columns' names says which side refers.
            if steps > 1 && !step.inferred && self.reads_both_ways(&step) {
                return None;
            }
            table = step.table;
            path.push(step);
        }
        Some(path)
    }

    fn reads_both_ways(&self, step: &Step) -> bool {
        let (before, after) = (&self.world.tables[step.from].columns, &self.world.tables[step.table].columns);
        let both_have = |name: &str| {
            [before, after].iter().all(|columns| columns.iter().any(|column| column.name == name))
        };
        step.pairs
            .iter()
            .all(|(ours, theirs)| both_have(&before[*ours].name) && both_have(&after[*theirs].name))
    }

    fn step(&mut self, from: usize, alone: bool) -> Option<Step> {
        let links: Vec<usize> = (0..self.world.links.len())
            .filter(|link| self.world.links[*link].child == from || self.world.links[*link].parent == from)
            .collect();
        let link = &self.world.links[*self.random.pick_some(&links)?];
        let goes_up = link.child == from && (link.parent != from || self.random.chance(50));
        let (table, pairs): (usize, Vec<(usize, usize)>) = if goes_up {
            (
                link.parent,
                link.child_columns.iter().copied().zip(link.parent_columns.iter().copied()).collect(),
            )
        } else {
            (
                link.child,
                link.parent_columns.iter().copied().zip(link.child_columns.iter().copied()).collect(),
            )
        };
        let theirs: Vec<usize> = pairs.iter().map(|(_, after)| *after).collect();
        let between = |known: &&super::schema::Link| {
            known.foreign_key
                && ((known.child == from && known.parent == table)
                    || (known.child == table && known.parent == from))
        };
        let is_certain = self.world.links.iter().filter(between).count() == 1 && (alone || table != from);
        Some(Step {
            from,
            table,
            to_one: self.world.is_unique(table, &theirs),
            inferred: link.foreign_key && is_certain && self.random.chance(60),
            refers: goes_up,
            condition: self.condition(table, 20),
            pairs,
        })
    }

    fn relation(&mut self, table: usize, depth: usize) -> Option<Relation> {
        let steps = *self.random.pick(&[1, 1, 1, 1, 2, 2, 3]);
        let mut path = self.path(table, steps)?;
        let target = path.last()?.table;
        if path.len() > 1 && path[path.len() - 2].table == target {
            return None;
        }
        let is_keyless = self.world.tables[target].key.is_empty();
        let all_to_one = path.iter().all(|step| step.to_one);
        let all_refer = path.iter().all(|step| step.refers);
        let is_junction =
            path.len() == 2 && !path[0].refers && path[1].refers && path.iter().all(|step| step.inferred);
        let verb = match self.random.below(10) {
            0..=4 if all_to_one && all_refer => "belongs_to",
            0..=2 if all_to_one || !is_keyless => "has_one",
            _ if is_junction && self.random.chance(60) => "many_to_many",
            _ if path.len() > 1 && all_to_one => return None,
            _ => "has_many",
        };
        // A direct relation says by its verb which side refers; without a foreign key either may be said to.
        if let [step] = path.as_mut_slice() {
            let refers = verb == "belongs_to";
            if step.inferred && step.refers != refers {
                return None;
            }
            step.refers = refers;
        }
        let is_to_many = matches!(verb, "has_many" | "many_to_many");
        let is_value = is_keyless || self.random.chance(35);
        let (shape, is_object) = if is_value {
            let scalar = self.scalar(target, false)?;
            // Without a key it is only the text that tells values apart.
            if is_keyless && !has_one_text(&scalar.of) {
                return None;
            }
            (Shape::Value(Box::new(scalar)), false)
        } else {
            let count = self.random.between(1, 4);
            (Shape::Object(self.fields(target, depth - 1, count)), self.random.chance(25))
        };
        let distinct = is_to_many && self.random.chance(20) && !is_structure(&shape) && !is_keyless;
        let needs_order = verb == "has_one" && !all_to_one;
        let mut order_by = Vec::new();
        if verb != "belongs_to" && !is_keyless && (needs_order || self.random.chance(35)) {
            order_by = self.order_by(target, distinct);
        }
        if needs_order && order_by.is_empty() {
            return None;
        }
        let limit = (is_to_many && !is_keyless && self.random.chance(20)).then(|| self.random.between(1, 3));
        Some(Relation { verb, path, order_by, limit, distinct, shape, is_object })
    }

    fn order_by(&mut self, table: usize, distinct: bool) -> Vec<Order> {
        let fits = |column: &usize| {
            let of = &self.world.tables[table].columns[*column].of;
            let is_plain = matches!(
                of.family(),
                Family::Plain | Family::Bytea | Family::Jsonb | Family::Inet | Family::Cidr
            );
            of.base.ordered && !of.array && !(distinct && is_plain)
        };
        let columns: Vec<usize> = (0..self.world.tables[table].columns.len()).filter(fits).collect();
        let mut items: Vec<Order> = Vec::new();
        for _ in 0..self.random.between(1, 2) {
            let Some(column) = self.random.pick_some(&columns).copied() else { break };
            if items.iter().any(|item| item.column == column) {
                continue;
            }
            let nulls_first = !distinct && self.random.chance(25);
            items.push(Order { column, descending: self.random.chance(40), nulls_first });
        }
        items
    }

    fn aggregate(&mut self, table: usize) -> Option<Aggregate> {
        let steps = *self.random.pick(&[1, 1, 1, 2, 2]);
        let mut path = self.path(table, steps)?;
        if let [step] = path.as_mut_slice() {
            if step.inferred && step.refers {
                return None;
            }
            step.refers = false;
        }
        let target = path.last()?.table;
        if path.len() > 1 && path[path.len() - 2].table == target {
            return None;
        }
        let function = *self.random.pick(&["count", "count", "exists", "sum", "avg", "min", "max"]);
        let result = |of: Type, kind, parameters: &str| Scalar {
            source: Source::Column(0),
            of,
            kind,
            parameters: serde_json::from_str(parameters).expect("parameters are JSON"),
            default: None,
            required: false,
        };
        let column = self.random.below(self.world.tables[target].columns.len());
        let of = self.world.tables[target].columns[column].of.clone();
        let source = Some(Source::Column(column));
        let (of_source, distinct, result) = match function {
            "exists" => (None, false, result(Type::named("boolean"), "", "{}")),
            "count" if self.random.chance(50) => (None, false, result(Type::named("bigint"), "", "{}")),
            "count" => {
                let is_comparable = of.base.ordered && !of.array;
                let distinct = is_comparable && self.random.chance(50);
                (source, distinct, result(Type::named("bigint"), "", "{}"))
            }
            "sum" | "avg" => {
                let (kind, parameters) = computed(function, &of)?;
                let of = if matches!(of.family(), Family::Interval | Family::Money) {
                    of
                } else {
                    Type::named("numeric")
                };
                (source, false, result(of, kind, parameters))
            }
            _ => {
                let has_none =
                    matches!(of.family(), Family::Boolean | Family::Uuid | Family::Bytea | Family::Jsonb)
                        || matches!(of.base.sql, "macaddr" | "bit(3)" | "bit varying" | "\"char\"" | "cidr");
                if !of.base.ordered || of.array || has_none {
                    return None;
                }
                let (kind, parameters) = *self.random.pick_some(of.base.kinds)?;
                if kind == "auto" {
                    return None;
                }
                (source, false, result(of, kind, parameters))
            }
        };
        Some(Aggregate { function, path, of: of_source, distinct, result })
    }
}

/// An expression over a column of this family: its text, the type of its result, and a kind.
fn expression(family: Family) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match family {
        Family::Text => ("lower($c::text collate \"C\")", "text", "keyword"),
        Family::Integer => ("$c::numeric + 1", "numeric", "double"),
        Family::Boolean => ("not $c", "boolean", "boolean"),
        Family::Numeric => ("$c is null", "boolean", "boolean"),
        Family::Uuid => ("coalesce($c::text, 'none')", "text", "keyword"),
        _ => return None,
    })
}

/// The kind of a sum or an average, where there is one.
fn computed(function: &str, of: &Type) -> Option<(&'static str, &'static str)> {
    if of.array {
        return None;
    }
    Some(match (function, of.family(), of.base.sql) {
        ("avg", Family::Integer | Family::Float | Family::Numeric, _) => ("double", "{}"),
        ("sum", Family::Integer, "bigint") => ("double", "{}"),
        ("sum", Family::Integer, _) => ("long", "{}"),
        ("sum", Family::Float, _) => ("double", "{}"),
        ("sum", Family::Numeric, "numeric(12,2)") => ("decimal", "{}"),
        ("sum", Family::Numeric, _) => ("double", "{}"),
        ("sum", Family::Money, _) => ("decimal", "{\"scale\": 2}"),
        (_, Family::Interval, _) => ("interval", "{}"),
        _ => return None,
    })
}

/// Whether values that are ordered alike have one text.
fn has_one_text(of: &Type) -> bool {
    let has_several = matches!(
        of.family(),
        Family::Numeric | Family::Float | Family::Char | Family::Interval | Family::Inet
    );
    of.base.ordered && !of.folds() && !has_several
}

fn is_structure(shape: &Shape) -> bool {
    match shape {
        Shape::Object(_) => false,
        Shape::Value(scalar) => {
            matches!(scalar.of.family(), Family::Json | Family::Jsonb | Family::Composite)
        }
    }
}

fn default_of(kind: &str, of: &Type) -> Option<Value> {
    Some(match kind {
        "keyword" | "text" | "identifier" => json!("it's a \"default\""),
        "double" | "long" | "integer" => json!(7),
        "boolean" => json!(true),
        "date" => json!("2000-01-01"),
        "auto" if of.family() == Family::Boolean => json!(false),
        _ => return None,
    })
}

impl Config {
    /// The index file.
    pub(super) fn written(&self, world: &World, name: &str) -> Value {
        let mut all = Map::new();
        all.insert("version".to_owned(), json!(1));
        all.insert("index".to_owned(), json!(name));
        all.insert("table".to_owned(), json!(written(&world.tables[self.table].name)));
        if let Some(condition) = &self.condition {
            all.insert("where".to_owned(), Value::Object(condition.written(world, self.table)));
        }
        if self.snake_case {
            all.insert("column_case".to_owned(), json!("snake"));
        }
        all.insert("fields".to_owned(), fields(world, self.table, &self.fields));
        Value::Object(all)
    }
}

fn fields(world: &World, table: usize, fields: &[Field]) -> Value {
    fields.iter().map(|field| (field.key.clone(), field.written(world, table))).collect::<Map<_, _>>().into()
}

impl Field {
    fn written(&self, world: &World, table: usize) -> Value {
        let mut all = match &self.form {
            Form::Scalar(scalar) => scalar.written(world, table, &self.key),
            Form::Object(inner) => Map::from_iter([("fields".to_owned(), fields(world, table, inner))]),
            Form::Constant(value) => Map::from_iter([("constant".to_owned(), value.clone())]),
            Form::Relation(relation) => relation.written(world),
            Form::Aggregate(aggregate) => aggregate.written(world),
        };
        if let Some(when) = &self.when {
            all.insert("when".to_owned(), Value::Object(when.written(world, table)));
        }
        Value::Object(all)
    }
}

fn source(world: &World, table: usize, source: &Source) -> Value {
    let name = |column: &usize| &world.tables[table].columns[*column].name;
    match source {
        Source::Column(column) => json!(written(name(column))),
        Source::Sql(column, text) => json!({ "sql": text.replace("$c", &quoted(name(column))) }),
    }
}

impl Scalar {
    fn written(&self, world: &World, table: usize, key: &str) -> Map<String, Value> {
        let mut all = self.kind();
        match &self.source {
            Source::Column(column) if world.tables[table].columns[*column].name == key => {}
            Source::Sql(column, text) => {
                let name = quoted(&world.tables[table].columns[*column].name);
                all.insert("sql".to_owned(), json!(text.replace("$c", &name)));
            }
            of => {
                all.insert("column".to_owned(), source(world, table, of));
            }
        }
        all
    }

    fn kind(&self) -> Map<String, Value> {
        let mut all = self.parameters.clone();
        if !self.kind.is_empty() {
            all.insert("kind".to_owned(), json!(self.kind));
        }
        if let Some(default) = &self.default {
            all.insert("default".to_owned(), default.clone());
        }
        if self.required {
            all.insert("required".to_owned(), json!(true));
        }
        all
    }
}

/// Writes a path beside its head.
fn path(world: &World, head: &str, path: &[Step], all: &mut Map<String, Value>) {
    let (target, hops) = path.split_last().expect("a path has a step");
    all.insert(head.to_owned(), json!(written(&world.tables[target.table].name)));
    let mut written_hops = Vec::new();
    for hop in hops {
        let mut one = Map::from_iter([("table".to_owned(), json!(written(&world.tables[hop.table].name)))]);
        hop.beside(world, &mut one);
        written_hops.push(match one.len() {
            1 => one["table"].clone(),
            _ => Value::Object(one),
        });
    }
    if !written_hops.is_empty() {
        all.insert("through".to_owned(), Value::from(written_hops));
    }
    target.beside(world, all);
}

impl Step {
    /// Writes `via` and `where`.
    fn beside(&self, world: &World, all: &mut Map<String, Value>) {
        if !self.inferred {
            let mut pairs = Map::new();
            for (before, after) in &self.pairs {
                let before = written(&world.tables[self.from].columns[*before].name);
                let after = written(&world.tables[self.table].columns[*after].name);
                let (referring, referred) = if self.refers { (before, after) } else { (after, before) };
                pairs.insert(referring, json!(referred));
            }
            all.insert("via".to_owned(), Value::Object(pairs));
        }
        if let Some(condition) = &self.condition {
            all.insert("where".to_owned(), Value::Object(condition.written(world, self.table)));
        }
    }
}

impl Relation {
    fn written(&self, world: &World) -> Map<String, Value> {
        let mut all = Map::new();
        path(world, self.verb, &self.path, &mut all);
        let target = self.path.last().expect("a path has a step").table;
        match &self.shape {
            Shape::Object(inner) => {
                all.insert("fields".to_owned(), fields(world, target, inner));
                if self.is_to_many() && self.is_object {
                    all.insert("kind".to_owned(), json!("object"));
                }
            }
            Shape::Value(scalar) => {
                all.insert("value".to_owned(), source(world, target, &scalar.source));
                all.extend(scalar.kind());
            }
        }
        if !self.order_by.is_empty() {
            let items = self.order_by.iter().map(|item| item.written(world, target));
            all.insert("order_by".to_owned(), items.collect());
        }
        if let Some(limit) = self.limit {
            all.insert("limit".to_owned(), json!(limit));
        }
        if self.distinct {
            all.insert("distinct".to_owned(), json!(true));
        }
        all
    }
}

impl Order {
    fn written(&self, world: &World, table: usize) -> Value {
        let name = written(&world.tables[table].columns[self.column].name);
        let order = if self.descending { "desc" } else { "asc" };
        match self.nulls_first {
            true => json!({ name: { "order": order, "nulls": "first" } }),
            // A column of that name would be taken for an expression.
            false if name == "sql" => json!({ name: { "order": order } }),
            false => json!({ name: order }),
        }
    }
}

impl Aggregate {
    fn written(&self, world: &World) -> Map<String, Value> {
        let mut all = Map::new();
        path(world, self.function, &self.path, &mut all);
        let target = self.path.last().expect("a path has a step").table;
        if let Some(of) = &self.of {
            all.insert("of".to_owned(), source(world, target, of));
        }
        if self.distinct {
            all.insert("distinct".to_owned(), json!(true));
        }
        all.extend(self.result.kind());
        all
    }
}

import CRMSDK
import Registry
import Text

/// Filters as SQL. Every condition is true or false for null too: only "is empty", "!=" and "not in" hold for it.
extension StatementBuilder {
    static let maximumConditions = 50
    static let maximumDepth = 16
    /// Values of all lists in a filter together; with it a statement stays within SQLite's length.
    static let maximumListed = 2_000

    mutating func condition(_ filter: Filter) throws(CRMError) -> String {
        var conditions = 0
        return try condition(filter, depth: 0, count: &conditions)
    }

    private mutating func condition(_ filter: Filter, depth: Int, count: inout Int) throws(CRMError) -> String
    {
        guard depth <= Self.maximumDepth else {
            throw CRMError(.limitExceeded, "a filter may be nested at most \(Self.maximumDepth) deep")
        }
        switch filter.node {
        case .all(let parts): return try joined(parts, " AND ", empty: "1", depth, &count)
        case .any(let parts): return try joined(parts, " OR ", empty: "0", depth, &count)
        case .not(let part): return "(\(try condition(part, depth: depth + 1, count: &count))) IS NOT TRUE"
        case .condition(let comparison):
            count += 1
            guard count <= Self.maximumConditions else {
                throw CRMError(
                    .limitExceeded, "a filter may have at most \(Self.maximumConditions) conditions")
            }
            return try condition(comparison)
        }
    }

    private mutating func joined(
        _ parts: [Filter], _ word: String, empty: String, _ depth: Int, _ count: inout Int
    ) throws(CRMError) -> String {
        guard !parts.isEmpty else { return empty }
        var conditions: [String] = []
        for part in parts { conditions.append(try condition(part, depth: depth + 1, count: &count)) }
        return "(" + conditions.joined(separator: word) + ")"
    }

    private mutating func condition(_ condition: FilterCondition) throws(CRMError) -> String {
        let path = try resolve(condition.path)
        let comparison = condition.comparison
        guard path.field.kind.comparisons.contains(comparison) else {
            throw CRMError(
                .invalidParameters,
                "\"\(comparison.symbol)\" cannot be used on \"\(condition.path.prefix(120))\", a \(path.field.kind.name) field",
                hint: path.field.kind.comparisons.isEmpty
                    ? "List or aggregate the lines themselves: \(path.field.type.targets.joined())."
                    : "It takes \(path.field.kind.comparisons.map(\.symbol).joined(separator: ", ")).")
        }
        switch comparison {
        case .isEmpty: return emptiness(path, "IS NULL")
        case .isNotEmpty: return emptiness(path, "IS NOT NULL")
        case .isIn, .isNotIn:
            let alternatives = try elements(condition, path)
            var conditions: [String] = []
            for value in alternatives { conditions.append(try equality(path, value, condition.path)) }
            let any = conditions.isEmpty ? "0" : Self.any(conditions[...])
            return comparison == .isIn ? any : "\(any) IS NOT TRUE"
        case .between:
            let ends = try elements(condition, path)
            guard ends.count == 2 else {
                throw CRMError(
                    .invalidParameters, "\"between\" on \"\(condition.path.prefix(120))\" takes two values")
            }
            let low = try ordering(path, .greaterOrEqual, ends[0], condition.path)
            return "(\(low) AND \(try ordering(path, .lessOrEqual, ends[1], condition.path)))"
        case .within: return try within(path, condition)
        case .near: return try near(path, condition)
        case .equal: return try equality(path, condition.operand, condition.path)
        case .notEqual: return "(\(try equality(path, condition.operand, condition.path))) IS NOT TRUE"
        case .contains, .startsWith, .endsWith: return try substring(path, condition)
        default: return try ordering(path, comparison, condition.operand, condition.path)
        }
    }

    /// As a balanced tree: SQLite's expressions are at most 500 deep, and a chain of a thousand would be a thousand
    /// deep. It takes the branches for what they are all the same, and looks each up in an index.
    private static func any(_ conditions: ArraySlice<String>) -> String {
        guard conditions.count > 1 else { return conditions.first ?? "0" }
        let middle = conditions.startIndex + conditions.count / 2
        return "(\(any(conditions[..<middle])) OR \(any(conditions[middle...])))"
    }

    private mutating func elements(_ condition: FilterCondition, _ path: FieldPath) throws(CRMError)
        -> [Value]
    {
        guard case .list(let values) = condition.operand, values.count <= 1000 else {
            throw CRMError(
                .invalidParameters,
                "\"\(condition.comparison.symbol)\" on \"\(condition.path.prefix(120))\" takes a list of at most 1000 values"
            )
        }
        listedValues += values.count
        guard listedValues <= Self.maximumListed else {
            throw CRMError(
                .limitExceeded, "the lists of a filter may have at most \(Self.maximumListed) values together"
            )
        }
        return values
    }

    private func emptiness(_ path: FieldPath, _ test: String) -> String { "\(column(path)) \(test)" }

    // MARK: Comparisons

    private mutating func equality(_ path: FieldPath, _ value: Value, _ name: String) throws(CRMError)
        -> String
    {
        guard !value.isNull else { return emptiness(path, "IS NULL") }
        if path.field.wire == .keys { return try having(path, value, name) }
        if let day = day(value, path) {
            let start = "\(column(path)) >= \(bind(.integer(day.start)))"
            return "(\(start) AND \(column(path)) < \(bind(.integer(day.end))))"
        }
        if path.field.kind.ordering == .textKey {
            let range = Self.range(of: try text(value, path, name))
            return
                "(\(key(path)) >= \(bind(.blob(range.lower))) AND \(key(path)) < \(bind(.blob(range.upper))))"
        }
        return try comparing(path, "=", value, name)
    }

    private mutating func ordering(
        _ path: FieldPath, _ comparison: FilterOperator, _ value: Value, _ name: String
    ) throws(CRMError) -> String {
        if let day = day(value, path) {
            return switch comparison {
            case .less: "\(column(path)) < \(bind(.integer(day.start)))"
            case .lessOrEqual: "\(column(path)) < \(bind(.integer(day.end)))"
            case .greater: "\(column(path)) >= \(bind(.integer(day.end)))"
            default: "\(column(path)) >= \(bind(.integer(day.start)))"
            }
        }
        guard path.field.kind.ordering == .textKey else {
            return try comparing(path, comparison.symbol, value, name)
        }
        let range = Self.range(of: try text(value, path, name))
        return switch comparison {
        case .less: "\(key(path)) < \(bind(.blob(range.lower)))"
        case .lessOrEqual: "\(key(path)) < \(bind(.blob(range.upper)))"
        case .greater: "\(key(path)) >= \(bind(.blob(range.upper)))"
        default: "\(key(path)) >= \(bind(.blob(range.lower)))"
        }
    }

    /// The milliseconds of a caller's day, where a moment is compared with a date.
    private func day(_ value: Value, _ path: FieldPath) -> (start: Int64, end: Int64)? {
        guard path.field.wire == .instant, case .date(let date) = value else { return nil }
        let clock = viewpoint.clock
        return (
            clock.startOfDay(date).millisecondsSince1970,
            clock.startOfDay(date.adding(days: 1)).millisecondsSince1970
        )
    }

    /// The keys that are a text's: a key is the folded text, and behind it at most a tie breaker after a zero byte.
    static func range(of text: String) -> (lower: [UInt8], upper: [UInt8]) {
        let folded = Array(TextFolding.fold(text).utf8.prefix(384))
        return (folded, folded + [1])
    }

    /// Compares the stored value. Money is compared within its currency only.
    private mutating func comparing(
        _ path: FieldPath, _ symbol: String, _ value: Value, _ name: String
    ) throws(CRMError) -> String {
        let operand = try stored(value, path, name)
        let plain = "\(column(path)) \(symbol) \(bind(operand))"
        guard path.field.wire == .money else { return plain }
        return try inCurrency(path, value, name).map { "(\(plain) AND \($0))" } ?? plain
    }

    private mutating func inCurrency(_ path: FieldPath, _ value: Value, _ name: String) throws(CRMError)
        -> String?
    {
        let currencies = viewpoint.currencies
        guard path.field.type.currencyField != nil else {
            guard let money = value.money, money.currency != currencies.base.code else { return nil }
            throw CRMError(
                .invalidParameters,
                "\"\(name)\" is in \(currencies.base.code) and cannot be compared with \(money.currency)")
        }
        guard let code = value.money?.currency else {
            guard currencies.count > 1 else { return nil }
            throw CRMError(
                .invalidParameters,
                "\"\(name)\" may be in several currencies, so the amount to compare with needs one",
                hint:
                    "Write {\"amount\": \"1000.00\", \"currency\": \"\(currencies.base.code)\"}, or compare the amount in the "
                    + "base currency, such as amount_base.")
        }
        guard let currency = currencies[code] else {
            throw CRMError(.invalidParameters, "currency \(code) does not exist")
        }
        let places = path.aliases.compactMap { self.currency(of: path.field, in: $0) }
        let isThatCurrency = places.map { "\($0) = \(bind(.integer(currency.id.rawValue)))" }
        let isBase = currency.id == currencies.base.id ? places.map { "\($0) IS NULL" } : []
        return "(" + (isThatCurrency + isBase).joined(separator: " OR ") + ")"
    }

    /// Holds where a field of several values has this one among them.
    private mutating func having(_ path: FieldPath, _ value: Value, _ name: String) throws(CRMError) -> String
    {
        let key = try known(try text(value, path, name), path, name)
        return "instr(\(column(path)), \(bind(.text(KeyList.quoted(key))))) > 0"
    }

    private mutating func substring(_ path: FieldPath, _ condition: FilterCondition) throws(CRMError)
        -> String
    {
        if path.field.wire == .keys { return try having(path, condition.operand, condition.path) }
        let folded = TextFolding.fold(try text(condition.operand, path, condition.path))
        guard !folded.isEmpty else { return emptiness(path, "IS NOT NULL") }
        switch condition.comparison {
        case .startsWith:
            let prefix = Array(folded.utf8.prefix(384))
            // 0xFF is no byte of UTF-8, so it ends the range of all that starts so.
            return
                "(\(key(path)) >= \(bind(.blob(prefix))) AND \(key(path)) < \(bind(.blob(prefix + [0xFF]))))"
        case .endsWith:
            let length = folded.unicodeScalars.count
            return "substr(crm_fold(\(column(path))), \(-length)) = \(bind(.text(folded)))"
        default:
            return "instr(crm_fold(\(column(path))), \(bind(.text(folded)))) > 0"
        }
    }

    private mutating func within(_ path: FieldPath, _ condition: FilterCondition) throws(CRMError) -> String {
        guard case .text(let phrase) = condition.operand,
            let span = TimeSpan(phrase, today: viewpoint.clock.today)
        else {
            throw CRMError(
                .invalidParameters, "\"within\" on \"\(condition.path.prefix(120))\" takes a span of time",
                hint: "Such as \"today\", \"this quarter\", \"last 30 days\", \"next 2 weeks\".")
        }
        let first: Int64
        let end: Int64
        if path.field.wire == .date {
            first = span.first.daysSince1970
            end = span.last.daysSince1970 + 1
        } else {
            first = viewpoint.clock.startOfDay(span.first).millisecondsSince1970
            end = viewpoint.clock.startOfDay(span.last.adding(days: 1)).millisecondsSince1970
        }
        return "(\(column(path)) >= \(bind(.integer(first))) AND \(column(path)) < \(bind(.integer(end))))"
    }

    /// The ranges of the index in which the circle lies, and the distance. Always as many ranges, so that the
    /// statement's text is the same for all circles.
    private mutating func near(_ path: FieldPath, _ condition: FilterCondition) throws(CRMError) -> String {
        guard let circle = GeoCircle(condition.operand) else {
            throw CRMError(
                .invalidParameters,
                "\"near\" on \"\(condition.path.prefix(120))\" takes a place and a distance",
                hint: "Such as [\"52.52,13.405\", \"25 km\"]; m, km and mi are known.")
        }
        var ranges = ZOrder.ranges(covering: circle, limit: Self.placeRanges)
            .map { ($0.lowerBound, $0.upperBound) }
        ranges += Array(repeating: (0, -1), count: Self.placeRanges - ranges.count)
        let places = ranges.map { (bind(.integer($0.0)), bind(.integer($0.1))) }
        let bound = bind(.text(circle.bound))
        func holds(_ place: String) -> String {
            let within = places.map { "\(place) BETWEEN \($0.0) AND \($0.1)" }
            return "((\(within.joined(separator: " OR "))) AND crm_near(\(place), \(bound)))"
        }
        // Its own records are found along the index first, since the planner thinks eight ranges dearer than a scan.
        guard path.aliases == [base], !isPast, link == nil else { return holds(column(path)) }
        let inner = freshAlias()
        return "\(base).id IN (SELECT \(inner).id FROM \(entity.table) \(inner)"
            + " WHERE \(holds("\(inner).\(path.field.column)")))"
    }

    private static let placeRanges = 8

    // MARK: Operands

    func text(_ value: Value, _ path: FieldPath, _ name: String) throws(CRMError) -> String {
        guard case .text(let text) = value else { throw mismatch(path, name) }
        return text
    }

    func stored(_ value: Value, _ path: FieldPath, _ name: String) throws(CRMError) -> StoredValue {
        let field = path.field
        switch (value, field.wire) {
        case (.text(let text), .place):
            guard let point = GeoPoint(text) else { throw mismatch(path, name) }
            return .integer(ZOrder.code(of: point))
        case (.text(let text), .string):
            return .text(field.kind.name == "picklist" ? try known(text, path, name) : text)
        case (.bool, .boolean), (.integer, .integer), (.date, .date), (.time, .time), (.instant, .instant),
            (.reference, .reference), (.money, .money):
            return field.kind.stored(value)
        case (.integer(let id), .reference): return .integer(id)
        case (.decimal(let number), .money): return .integer(try number.rescaled(to: 4).units)
        case (.decimal(let number), .decimal(let scale)):
            let rescaled = try number.rescaled(to: scale)
            guard (try? rescaled.rescaled(to: number.scale)) == number else {
                throw CRMError(.invalidParameters, "\"\(name.prefix(120))\" has at most \(scale) decimals")
            }
            return .integer(rescaled.units)
        case (.integer(let number), .decimal(let scale)):
            return .integer(try FixedDecimal(units: number, scale: 0).rescaled(to: scale).units)
        default: throw mismatch(path, name)
        }
    }

    /// A key that the field's list has, retired or not.
    private func known(_ key: String, _ path: FieldPath, _ name: String) throws(CRMError) -> String {
        guard path.field.listPosition(of: key) == nil else { return key }
        throw CRMError(
            .invalidParameters,
            "\"\(name.prefix(120))\" has no value \"\(key.prefix(60))\"; "
                + ChoiceRules.advice(on: key, path.field.type))
    }

    private func mismatch(_ path: FieldPath, _ name: String) -> CRMError {
        CRMError(
            .invalidParameters,
            "the value to compare \"\(name.prefix(120))\" with must be a \(path.field.kind.name)")
    }
}

/// What kind of value a field holds, with the parameters of that kind.
///
/// A struct, not an enum: kinds are added without breaking modules that were compiled before. The kernel's registry
/// has one implementation per `name`.
public struct FieldType: Hashable, Sendable, Codable {
    /// The kind: `text`, `money`, `reference` …
    public let name: String

    /// Most characters (text kinds). Nil means the kind's own limit.
    public var maximumLength: Int?
    /// Decimals, 0–6 (`decimal`, `percent`).
    public var scale: Int?
    /// Smallest and largest permitted number, inclusive, written as decimals.
    public var minimum: String?
    public var maximum: String?
    /// The values to choose from (`picklist`, `multipicklist`), in display order.
    public var values: [PicklistValue] = []
    /// Entities that a reference may name, empty means any; the one entity of a field of lines.
    public var targets: [String] = []
    /// The field of the same entity that holds the currency of a `money` field; nil means the base currency. For an
    /// amount in a line it is a field of the record that the line belongs to.
    public var currencyField: String?
    /// The amount of the same entity that this one gives in the base currency (`money`); the kernel works it out.
    public var baseOf: String?
    /// The date of the same entity by which such an amount's rate is found; nil means the day the record was created,
    /// and so does an empty date.
    public var rateDate: String?
    /// How an autonumber is written: letters, and one run of `0` that is replaced by the counter, padded to its
    /// length: `POT00000`.
    public var pattern: String?
    /// Whether an autonumber waits until its module asks for it with `ModuleContext.nextNumber`: a draft has none.
    public var isGivenByModule = false

    init(_ name: String) { self.name = name }

    /// A kind by name, as a stored definition has it.
    public init(named name: String) { self.name = name }

    /// One line of text.
    public static func text(maximumLength: Int = 255) -> Self {
        var type = Self("text")
        type.maximumLength = maximumLength
        return type
    }
    /// Text of several lines, up to 64 KiB; can be searched and filtered, not sorted.
    public static var longtext: Self { Self("longtext") }
    public static var email: Self { Self("email") }
    public static var phone: Self { Self("phone") }
    public static var url: Self { Self("url") }
    /// A point on the earth, as `GeoPoint` reads it; found by distance.
    public static var place: Self { Self("place") }
    public static var boolean: Self { Self("boolean") }
    /// A whole number in 64 bits.
    public static var integer: Self { Self("integer") }
    /// An exact decimal with a fixed number of decimals (0–6).
    public static func decimal(scale: Int) -> Self {
        var type = Self("decimal")
        type.scale = scale
        return type
    }
    /// A percentage, 100 = all of it; 0–100 unless a range is given.
    public static func percent(scale: Int = 2) -> Self {
        var type = Self("percent")
        type.scale = scale
        type.minimum = "0"
        type.maximum = "100"
        return type
    }
    /// An exact amount; its currency is in `currencyField` of the same record, or the base currency.
    public static func money(currencyField: String? = nil) -> Self {
        var type = Self("money")
        type.currencyField = currencyField
        return type
    }
    /// An amount of the record in the base currency, by the rate of a date; the kernel writes it.
    public static func money(inBaseCurrency field: String, on date: String? = nil) -> Self {
        var type = Self("money")
        type.baseOf = field
        type.rateDate = date
        return type
    }
    public static var date: Self { Self("date") }
    public static var time: Self { Self("time") }
    /// A moment, UTC, to the millisecond.
    public static var datetime: Self { Self("datetime") }
    /// One of a list of values that is data: an administrator adds, renames, reorders and retires them.
    public static func picklist(_ values: [PicklistValue]) -> Self {
        var type = Self("picklist")
        type.values = values
        return type
    }
    /// Several values of such a list.
    public static func multipicklist(_ values: [PicklistValue]) -> Self {
        var type = Self("multipicklist")
        type.values = values
        return type
    }
    /// Another record; of any entity when no target is named.
    public static func reference(to targets: [String]) -> Self {
        var type = Self("reference")
        type.targets = targets
        return type
    }
    public static func reference(to target: String) -> Self { reference(to: [target]) }
    /// Ordered lines that belong to the record, each with the fields of `entity`, which is defined beside it with
    /// `EntityDefinition.line`. At most 1,000.
    public static func lines(of entity: String) -> Self {
        var type = Self("lines")
        type.targets = [entity]
        return type
    }
    /// The user or group that a record belongs to.
    public static var owner: Self { Self("owner") }
    /// A number given by the kernel in the inserting transaction.
    public static func autonumber(_ pattern: String) -> Self {
        var type = Self("autonumber")
        type.pattern = pattern
        return type
    }
}

/// One value of a picklist.
///
/// `key` is what records store and clients send; `label` is what people read, and may be renamed.
public struct PicklistValue: Hashable, Sendable, Codable {
    /// Stable, snake case.
    public let key: String
    public var label: String
    /// `#RRGGBB`, for boards and badges.
    public var color: String?
    /// Stays on old records, cannot be chosen for new ones.
    public var retired = false
    /// Behaviour hangs on this value: it can be renamed, not removed.
    public var isSystem = false
    /// Facts that a module attaches to a value, such as a stage's class and probability.
    public var attributes: [String: String] = [:]

    public init(_ key: String, _ label: String) {
        self.key = key
        self.label = label
    }

    /// A value whose key is its label in snake case: `Cold Call` → `cold_call`.
    public init(_ label: String) {
        var key = ""
        for character in label.lowercased() {
            if character.isASCII, character.isLetter || character.isNumber {
                key.append(character)
            } else if !key.isEmpty, !key.hasSuffix("_") {
                key.append("_")
            }
        }
        while key.hasSuffix("_") { key.removeLast() }
        self.init(key, label)
    }

    public func system() -> Self { changing { $0.isSystem = true } }
    public func attribute(_ name: String, _ value: String) -> Self {
        changing { $0.attributes[name] = value }
    }

    private func changing(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}

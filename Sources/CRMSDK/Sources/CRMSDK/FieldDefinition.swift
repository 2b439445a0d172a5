/// One field of an entity: its name, type and rules.
///
/// Written as a sentence: `.text("company", "Company").mandatory().indexed()`.
public struct FieldDefinition: Hashable, Sendable, Codable {
    /// Snake case, unique in its entity, never changed for a module's field.
    public let name: String
    /// What people read, in English.
    public var label: String
    public var type: FieldType
    /// One sentence for the person who fills it in.
    public var help: String?
    public var isMandatory = false
    /// No two records that are not deleted have the same value; text is compared folded. Empty ones do not count.
    public var isUnique = false
    /// Has an index for filters and sorts.
    public var isIndexed = false
    /// Whether search looks into it; nil leaves it to the type: text, longtext, e-mail, phone, url and autonumber are
    /// searched. Other types cannot be.
    public var isSearchable: Bool?
    /// Written by the kernel and by modules only.
    public var isReadOnly = false
    /// The heading under which a form shows it.
    public var section: String?
    /// The value of a record that is created without one, as text in the field's own notation; nil means none.
    public var defaultText: String?
    /// What the value is computed from; nil for a field that is written.
    public var computed: Computed?

    public init(_ name: String, _ label: String, _ type: FieldType) {
        self.name = name
        self.label = label
        self.type = type
    }
}

extension FieldDefinition {
    public static func text(_ name: String, _ label: String, maximumLength: Int = 255) -> Self {
        Self(name, label, .text(maximumLength: maximumLength))
    }
    public static func longtext(_ name: String, _ label: String) -> Self { Self(name, label, .longtext) }
    public static func email(_ name: String, _ label: String) -> Self { Self(name, label, .email) }
    public static func phone(_ name: String, _ label: String) -> Self { Self(name, label, .phone) }
    public static func url(_ name: String, _ label: String) -> Self { Self(name, label, .url) }
    public static func boolean(_ name: String, _ label: String) -> Self {
        Self(name, label, .boolean).defaulting(to: "false")
    }
    public static func integer(_ name: String, _ label: String) -> Self { Self(name, label, .integer) }
    public static func decimal(_ name: String, _ label: String, scale: Int) -> Self {
        Self(name, label, .decimal(scale: scale))
    }
    public static func percent(_ name: String, _ label: String, scale: Int = 2) -> Self {
        Self(name, label, .percent(scale: scale))
    }
    public static func money(_ name: String, _ label: String, currencyField: String? = nil) -> Self {
        Self(name, label, .money(currencyField: currencyField))
    }
    /// The amount of another field in the base currency, by the rate of a date field of the record, else of the day it
    /// was created: `.baseMoney("amount_base", "Amount (base currency)", of: "amount", on: "closing_date")`. The kernel
    /// keeps it true when the amount, its currency, the date or a rate changes.
    public static func baseMoney(_ name: String, _ label: String, of field: String, on date: String? = nil)
        -> Self
    {
        Self(name, label, .money(inBaseCurrency: field, on: date)).readOnly()
    }
    public static func place(_ name: String, _ label: String) -> Self { Self(name, label, .place) }
    public static func date(_ name: String, _ label: String) -> Self { Self(name, label, .date) }
    /// A time of day without a zone.
    public static func time(_ name: String, _ label: String) -> Self { Self(name, label, .time) }
    public static func datetime(_ name: String, _ label: String) -> Self { Self(name, label, .datetime) }
    public static func picklist(_ name: String, _ label: String, _ values: [PicklistValue]) -> Self {
        Self(name, label, .picklist(values))
    }
    /// A picklist whose keys are the labels in snake case.
    public static func picklist(_ name: String, _ label: String, labels: [String]) -> Self {
        Self(name, label, .picklist(labels.map { PicklistValue($0) }))
    }
    /// A choice of several values, which are given in the order of the list.
    public static func multipicklist(_ name: String, _ label: String, _ values: [PicklistValue]) -> Self {
        Self(name, label, .multipicklist(values))
    }
    public static func reference(_ name: String, _ label: String, to targets: String...) -> Self {
        Self(name, label, .reference(to: targets))
    }
    /// Ordered lines that belong to the record, with the fields of `entity`.
    public static func lines(_ name: String, _ label: String, of entity: String) -> Self {
        Self(name, label, .lines(of: entity))
    }
    public static func autonumber(_ name: String, _ label: String, _ pattern: String) -> Self {
        Self(name, label, .autonumber(pattern)).unique().readOnly()
    }

    /// Several fields under one heading of the form.
    public static func section(_ name: String, _ fields: Self...) -> [Self] {
        fields.map { $0.section(name) }
    }

    /// An autonumber that its module gives, with `ModuleContext.nextNumber`, and not every record from its beginning.
    public func givenByModule() -> Self { changing { $0.type.isGivenByModule = true } }
    public func mandatory() -> Self { changing { $0.isMandatory = true } }
    public func unique() -> Self { changing { $0.isUnique = true } }
    public func indexed() -> Self { changing { $0.isIndexed = true } }
    public func readOnly() -> Self { changing { $0.isReadOnly = true } }
    /// Says whether search looks into it, against what its type would do.
    public func searchable(_ isSearchable: Bool) -> Self { changing { $0.isSearchable = isSearchable } }
    public func help(_ text: String) -> Self { changing { $0.help = text } }
    public func section(_ name: String) -> Self { changing { $0.section = name } }
    /// The default, written as the field prints it: `0`, `false`, `cold_call`, `2026-11-22`.
    public func defaulting(to text: String) -> Self { changing { $0.defaultText = text } }
    /// Smallest and largest permitted number, inclusive.
    public func range(_ minimum: String?, _ maximum: String?) -> Self {
        changing {
            $0.type.minimum = minimum
            $0.type.maximum = maximum
        }
    }

    private func changing(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}

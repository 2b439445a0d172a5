/// Every field type of the platform, a line each.
package enum FieldKindList {
    static let all: [any FieldKind] = [
        TextKind(), LongtextKind(), EmailKind(), PhoneKind(), URLKind(), BooleanKind(), IntegerKind(),
        DecimalKind(), PercentKind(), MoneyKind(), DateKind(), TimeKind(), DatetimeKind(), PicklistKind(),
        MultipicklistKind(), ReferenceKind(), OwnerKind(), AutonumberKind(), LinesKind(), FileKind(),
        PlaceKind(),
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static var names: [String] { all.map(\.name) }

    /// Those that an administrator can make: lines come with an entity of their own, which a module defines.
    package static var namesForPeople: [String] { names.filter { $0 != "lines" } }

    /// Nil for a type that this kernel does not know.
    package static func kind(named name: String) -> (any FieldKind)? { byName[name] }
}

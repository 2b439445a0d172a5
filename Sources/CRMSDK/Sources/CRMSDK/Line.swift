/// One line of a record: a quote's item, an order's item. Lines belong to their record, in an order; they have no
/// owner, sharing or version of their own.
///
/// A field of type `lines` holds all of them as one value; see `Record.lines`, `RecordChange.lines` and `setLines`.
public struct Line: Hashable, Sendable {
    /// Nil for a line that is not stored yet; the kernel gives the id when it stores it.
    public let id: RecordID?
    /// By field name. A line that was read has all its fields; of one that is written, fields that are not here keep
    /// their values, and those of a new line get their defaults.
    public private(set) var values: [String: Value]

    public init(id: RecordID? = nil, _ values: [String: Value]) {
        self.id = id
        self.values = values
    }

    /// The field's value; null if it is empty or absent.
    public subscript(field: String) -> Value {
        get { values[field] ?? .null }
        set { values[field] = newValue }
    }
}

extension Value {
    /// All lines of a record, in order; none is null.
    ///
    /// Written, a line with an id keeps that line, one without is new, and those that are not named are removed.
    public static func lines(_ lines: [Line]) -> Value {
        lines.isEmpty ? .null : .other(ExtendedValue(lines: lines, removed: nil))
    }

    /// A change of some lines of a record; the others stay as they are.
    ///
    /// - Parameters:
    ///   - set: A line with an id changes the fields that it names; one without is appended.
    ///   - remove: Ids of lines that go.
    public static func lineChange(set: [Line] = [], remove: [RecordID] = []) -> Value {
        .other(ExtendedValue(lines: set, removed: remove))
    }

    /// The lines, in order; nil if the value is not all lines of a record.
    public var lines: [Line]? {
        guard case .other(let payload) = self, payload.removed == nil else { return nil }
        return payload.lines
    }
}

extension Record {
    /// The lines in a field, in order; empty if it has none, or was not read.
    public func lines(_ field: String) -> [Line] { self[field].lines ?? [] }
}

extension RecordChange {
    /// The lines to be stored, in order. New ones have no id until they are stored.
    public func lines(_ field: String) -> [Line] { self[field].lines ?? [] }

    /// Sets the lines to be stored: any field of a line may be set, those that are read-only for people as well. Lines
    /// that are left out are removed; the order given is the order kept.
    public mutating func setLines(_ field: String, _ lines: [Line]) { self[field] = .lines(lines) }
}

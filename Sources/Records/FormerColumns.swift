import Registry
import Storage

// The change log of fields whose type has changed since, read in their columns and types of today.

extension Field {
    /// A value that a former column had, in the type of today; nil where it does not convert.
    func today(_ value: StoredValue, of former: Field) -> StoredValue? {
        (try? ValueConversion(former.definition, to: type))?.convert(value)
    }
}

extension Entity {
    /// What an entry says of one column, in the column and type of today; nil where no field has that column any more,
    /// or a value does not convert.
    func today(_ change: ChangePayload.StoredChange) -> ChangePayload.StoredChange? {
        if field(inColumn: change.column) != nil { return change }
        for field in fields {
            guard let former = field.former.first(where: { $0.column == change.column }) else { continue }
            guard let old = field.today(change.old, of: former), let new = field.today(change.new, of: former)
            else { return nil }
            return (field.column, old, new)
        }
        return nil
    }
}

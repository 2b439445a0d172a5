package import CRMSDK
package import JSON
package import Query
package import Records
import Registry
package import Storage

/// What an answer says of a merge.
package enum MergeNote: Sendable {
    /// It was asked for by the id of a record that was merged into it.
    case from(RecordID)
    /// It lies in the recycle bin since it was merged into another.
    case into(ReferenceFacts)
}

/// Writes records from the row they were read in straight into the answer: nothing is built between.
///
/// A field that the caller may not see is not among the plan's columns, and so is absent; an empty one is null. An id
/// is a number, a reference `{"id", "entity", "label"}` with `"deleted": true` where it lies in the recycle bin, an
/// amount `{"amount", "currency"}` with at least the currency's decimals, a decimal a string with exactly its scale,
/// lines an array of objects, each with its id and position first. What a path reaches stands under the path as it was
/// asked for.
package struct RecordJSON {
    private let registry: RegistrySnapshot
    private let people: PeopleDirectory
    private let currencies: CurrencyDirectory

    package init(_ snapshot: KernelSnapshot) {
        registry = snapshot.registry
        people = snapshot.people
        currencies = snapshot.currencies
    }

    /// Writes the record as one object.
    ///
    /// - Parameters:
    ///   - link: the values of the link by which it is in a list, written as its member `link`.
    ///   - merge: written as its member `merged_from` or `merged_into`.
    package func write(
        _ row: borrowing some ColumnRow & ~Copyable, _ columns: [OutputColumn], link: [OutputColumn] = [],
        merge: MergeNote? = nil, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        for column in columns {
            if let path = column.path { writer.key(path) } else { writer.rawKey(column.field.jsonKey) }
            write(row, column, to: &writer)
        }
        if !link.isEmpty {
            writer.key("link")
            write(row, link, to: &writer)
        }
        switch merge {
        case .from(let id):
            writer.key("merged_from")
            writer.int(id.rawValue)
        case .into(let master):
            writer.key("merged_into")
            Self.write(master, to: &writer)
        case nil: break
        }
        writer.endObject()
    }

    private static func write(_ reference: ReferenceFacts, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.int(reference.id.rawValue)
        writer.key("entity")
        if let entity = reference.entity { writer.string(entity) } else { writer.null() }
        writer.key("label")
        if let label = reference.label { writer.string(label) } else { writer.null() }
        if reference.isDeleted {
            writer.key("deleted")
            writer.bool(true)
        }
        writer.endObject()
    }

    /// Writes one field's value.
    package func write(
        _ row: borrowing some ColumnRow & ~Copyable, _ column: OutputColumn, to writer: inout JSONWriter
    ) {
        switch column.form {
        case .plain(let index):
            Self.write(row, index, column.field.wire, to: &writer)
        case .money(let amount, let currency):
            guard !row.isNull(amount) else { return writer.null() }
            let entry = currency.flatMap { row.isNull($0) ? nil : currencies[RecordID(row.int64($0))] }
            write(tenThousandths: row.int64(amount), entry ?? currencies.base, to: &writer)
        case .reference(let id, let entity, let label, let deletedAt):
            guard !row.isNull(id) else { return writer.null() }
            writer.beginObject()
            writer.key("id")
            writer.int(row.int64(id))
            writer.key("entity")
            if let target = registry.entity(number: Int(row.int64(entity))) {
                writer.string(target.name)
            } else {
                writer.null()
            }
            writer.key("label")
            if row.isNull(label) { writer.null() } else { row.writeText(label, to: &writer) }
            if !row.isNull(deletedAt) {
                writer.key("deleted")
                writer.bool(true)
            }
            writer.endObject()
        case .person(let index):
            guard !row.isNull(index) else { return writer.null() }
            write(person: RecordID(row.int64(index)), to: &writer)
        case .lines(let index, let lines):
            writer.beginArray()
            for line in LineRow.rows(row, index) { write(line, lines.columns, to: &writer) }
            writer.endArray()
        }
    }

    /// A user or group as a reference.
    package func write(person id: RecordID, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.int(id.rawValue)
        writer.key("entity")
        let person = people[id]
        writer.string(person?.entity ?? "user")
        writer.key("label")
        if let person { writer.string(person.label) } else { writer.null() }
        writer.endObject()
    }

    package func write(
        tenThousandths units: Int64, _ currency: CurrencyDirectory.Entry, to writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.key("amount")
        writer.scaledDecimalString(units, scale: 4, minimumFractionDigits: currency.decimals)
        writer.key("currency")
        writer.string(currency.code.description)
        writer.endObject()
    }

    /// One column by its field's wire form.
    static func write(
        _ row: borrowing some ColumnRow & ~Copyable, _ index: Int, _ wire: WireForm,
        to writer: inout JSONWriter
    ) {
        guard !row.isNull(index) else { return writer.null() }
        switch wire {
        case .string: row.writeText(index, to: &writer)
        case .boolean: writer.bool(row.int64(index) != 0)
        case .integer, .reference, .lines: writer.int(row.int64(index))
        case .decimal(let scale):
            writer.scaledDecimalString(row.int64(index), scale: scale, minimumFractionDigits: scale)
        case .money: writer.scaledDecimalString(row.int64(index), scale: 4, minimumFractionDigits: 2)
        case .date: writer.calendarDateString(daysSince1970: row.int64(index))
        case .time: writer.string(TimeOfDay(milliseconds: row.int64(index)).description)
        case .instant: writer.instantString(millisecondsSince1970: row.int64(index))
        case .place:
            if let point = ZOrder.point(row.int64(index)) {
                writer.string(point.description)
            } else {
                writer.null()
            }
        case .file: ValueJSON.write(FileValue(encoded: row.text(index)), to: &writer)
        case .keys: writer.strings(KeyList.keys(in: row.text(index)))
        }
    }
}

package import CRMSDK
package import Query
import Registry
package import Storage

extension ReadPlan {
    /// The row's values as a record, fields that were not selected left out.
    package func record(_ row: borrowing Row, _ snapshot: KernelSnapshot) -> Record {
        var values: [String: Value] = [:]
        values.reserveCapacity(columns.count)
        for column in columns { values[column.name] = value(column, row, snapshot) }
        return Record(
            id: RecordID(row.int64(idColumn)), entity: entity.name, version: row.int64(versionColumn),
            values: values)
    }

    /// The values of the link by which the row's record is in the list.
    package func link(_ row: borrowing Row, _ snapshot: KernelSnapshot) -> [String: Value] {
        var values: [String: Value] = [:]
        for column in linkColumns { values[column.field.name] = value(column, row, snapshot) }
        return values
    }

    private func value(
        _ column: OutputColumn, _ row: borrowing some ColumnRow & ~Copyable, _ snapshot: KernelSnapshot
    ) -> Value {
        let field = column.field
        switch column.form {
        case .plain(let index), .person(let index),
            .reference(id: let index, entity: _, label: _, deletedAt: _):
            return field.kind.value(row.value(index), field.type, currency: snapshot.currencies.base.code)
        case .money(let amount, let currency):
            let id = currency.flatMap { row.isNull($0) ? nil : RecordID(row.int64($0)) }
            let code = id.flatMap { snapshot.currencies[$0]?.code } ?? snapshot.currencies.base.code
            return field.kind.value(row.value(amount), field.type, currency: code)
        case .lines(let index, let lines):
            return .lines(LineRow.rows(row, index).map { line(lines.columns, $0, snapshot) })
        }
    }

    /// Id and position are where they are, not values of the line.
    private func line(_ columns: [OutputColumn], _ row: LineRow, _ snapshot: KernelSnapshot) -> Line {
        var values: [String: Value] = [:]
        values.reserveCapacity(columns.count)
        for column in columns.dropFirst(2) { values[column.field.name] = value(column, row, snapshot) }
        return Line(id: RecordID(row.int64(0)), values)
    }
}

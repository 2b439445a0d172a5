import CRMSDK
import Registry

/// What became of a record's lines in one field, with one change of the record.
struct LinesChange {
    let field: Field
    /// Those that changed: the ones that stayed or came in their order, then the removed ones.
    let lines: [LineChange]
}

/// What became of one line.
struct LineChange {
    struct Column {
        let field: Field
        let old: StoredValue
        let new: StoredValue
    }

    let id: RecordID
    /// Those that differ, the position among them.
    let columns: [Column]
}

package import CRMSDK

/// What an undo has done, and what it has left as it was.
package struct UndoReport: Sendable {
    /// What became of one record.
    package struct Restored: Sendable {
        package enum Action: String, Sendable {
            /// It had been made; now it lies in the recycle bin.
            case deleted
            /// It had been deleted; now it is back.
            case restored
            /// It has its old values again.
            case updated
        }

        package let record: RecordID
        package let entity: String
        package let action: Action
        /// Those that have their old values again, as far as the caller may see them.
        package let fields: [String]
    }

    /// What became of one link.
    package struct Relinked: Sendable {
        package enum Action: String, Sendable {
            /// It had been made; now it is gone.
            case unlinked
            /// It had ended; now it is there again, with its values.
            case linked
            /// It has its old values again.
            case changed
        }

        package let relation: String
        package let from: RecordID
        package let to: RecordID
        package let action: Action
    }

    /// A field, or a record, that was left alone.
    package struct Left: Sendable {
        package let record: RecordID
        package let entity: String
        /// Nil where it is the record as a whole.
        package let field: String?
        /// For a person: lower case, no full stop.
        package let why: String
        /// The later change set that stands in the way; nil where there is none.
        package let changedIn: Int64?
    }

    /// The undo's own change set, which can be undone as well.
    package let changeSet: Int64
    package var restored: [Restored] = []
    package var links: [Relinked] = []
    package var left: [Left] = []
}

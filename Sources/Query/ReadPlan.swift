package import CRMSDK
package import Registry

/// Where in a row a field's value is, and in which form.
package struct OutputColumn: Sendable {
    package let field: Field
    package let form: OutputForm
    /// The path by which it was asked for, `account.industry`; nil for a field of the record itself.
    package var path: String?

    /// What stands for it in an answer.
    package var name: String { path ?? field.name }
}

package enum OutputForm: Sendable {
    /// One column; `Field.wire` says how it is written.
    case plain(Int)
    /// An amount, and the column with its currency's id; nil is the base currency, and so is a null in it.
    case money(amount: Int, currency: Int?)
    /// The directory's facts about the record named. The label is null where the caller may not view it.
    case reference(id: Int, entity: Int, label: Int, deletedAt: Int)
    /// A user or a group; the label is in the kernel's directory of people.
    case person(Int)
    /// All lines of the record as one text, for `LineRow.rows`; null where it has none. The columns are those of each
    /// line's row.
    case lines(Int, LineColumns)
}

/// What is read of each line of a record.
package struct LineColumns: Sendable {
    package let entity: Entity
    /// In the order in which an answer shows them; the id is the first, the position the second.
    package let columns: [OutputColumn]
}

/// A statement that reads records, with what is needed to make sense of its rows. Pure data; can be kept and run again.
package struct ReadPlan: Sendable {
    package let entity: Entity
    /// Run in this order, in one transaction, until enough rows have come: each continues where the one before ends.
    package private(set) var statements: [Statement]
    package let lane: Lane
    /// In the order in which an answer shows them.
    package let columns: [OutputColumn]
    /// The columns with the record's id, version and time of deletion.
    package let idColumn: Int
    package let versionColumn: Int
    package let deletedAtColumn: Int
    /// The columns that a cursor is made of.
    package let sortColumns: Range<Int>
    /// The most rows of a page; one more is asked for, to know whether there is another page.
    package let limit: Int
    /// What makes this query this query: a cursor of another one is refused.
    package let identity: [UInt8]
    /// The values of the link by which each record is in the list.
    package var linkColumns: [OutputColumn] = []
    /// How the records are found; nil where there was nothing to choose.
    package var shape: ListShape?

    /// The same list of another record's links. The plan is one with a link, whose first binding is the record.
    package func ofLinks(of id: RecordID) -> ReadPlan {
        var plan = self
        for index in plan.statements.indices { plan.statements[index].bindings[0] = .integer(id.rawValue) }
        return plan
    }
}

/// What to read of a list.
package struct ListQuery: Sendable {
    package var entity: Entity
    package var filter: Filter?
    /// Nil: all fields that the caller may see.
    package var fields: [String]?
    /// Nil: the entity's default.
    package var sort: [String]?
    package var limit: Int
    /// Which side of the recycle bin.
    package var bin: RecycleBin
    /// Only the records linked with one, and the values of those links.
    package var link: LinkScope?

    package init(
        entity: Entity, filter: Filter? = nil, fields: [String]? = nil, sort: [String]? = nil,
        limit: Int = 50,
        bin: RecycleBin = .outside, link: LinkScope? = nil
    ) {
        self.entity = entity
        self.filter = filter
        self.fields = fields
        self.sort = sort
        self.limit = limit
        self.bin = bin
        self.link = link
    }
}

/// Whether records in the recycle bin are meant.
package enum RecycleBin: Hashable, Sendable {
    case outside
    case inside
    case both

    /// A line has no place of its own in the bin: its record's rights let it through or not.
    func condition(_ entity: Entity, _ alias: String) -> String? {
        guard !entity.isLine else { return nil }
        return switch self {
        case .outside: "\(alias).deleted_at IS NULL"
        case .inside: "\(alias).deleted_at IS NOT NULL"
        case .both: nil
        }
    }
}

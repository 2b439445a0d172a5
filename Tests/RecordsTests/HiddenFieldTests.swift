import CRMSDK
import Query
import Records
import Registry
import Security
import Storage
import Testing

/// A field that the caller may not see is, for them, one that does not exist: the same answer on every path.
@Suite("Hidden fields")
struct HiddenFieldTests {
    private static let hidden = "annual_revenue"
    private static let absent = "annual_revenux"

    /// A way of naming a field.
    struct Path: Sendable, CustomTestStringConvertible {
        let name: String
        let use: @Sendable (Office, CallContext, String) throws -> Void
        var testDescription: String { name }
    }

    static let paths: [Path] = [
        Path(name: "a filter") { office, call, field in
            _ = try office.ids("account", where: .where(field, .greater, .integer(1)), as: call)
        },
        Path(name: "a filter over a reference") { office, call, field in
            _ = try office.ids("contact", where: .where("account.\(field)", .isEmpty), as: call)
        },
        Path(name: "a sort") { office, call, field in
            var parameters = ListParameters(entity: "account")
            parameters.sort = ["-\(field)"]
            _ = try office.walk(parameters, as: call)
        },
        Path(name: "the fields of a list") { office, call, field in
            var parameters = ListParameters(entity: "account")
            parameters.fields = [field]
            _ = try office.walk(parameters, as: call)
        },
        Path(name: "the fields of a list over a reference") { office, call, field in
            var parameters = ListParameters(entity: "contact")
            parameters.fields = ["account.\(field)"]
            _ = try office.walk(parameters, as: call)
        },
        Path(name: "the fields of a record") { office, call, field in
            let id = try office.ids("account", where: nil, as: call)[0]
            try office.records.get(
                call, office.snapshot, on: office.database.makeReader(), id: id, entity: "account",
                fields: [field]
            ) { _, _ in }
        },
        Path(name: "a group") { office, call, field in
            _ = try office.records.planAggregate(
                call, office.snapshot, entity: "account", filter: nil,
                groups: [.init(path: field, interval: nil, name: "g")],
                measures: [.init(operation: .count, path: nil, name: "n")])
        },
        Path(name: "a measure") { office, call, field in
            _ = try office.records.planAggregate(
                call, office.snapshot, entity: "account", filter: nil, groups: [],
                measures: [.init(operation: .max, path: field, name: "n")])
        },
        Path(name: "a new record") { office, call, field in
            try office.create("account", ["account_name": "New", field: .integer(1)], as: call)
        },
        Path(name: "an update") { office, call, field in
            let id = try office.ids("account", where: nil, as: call)[0]
            try office.update(id, [field: .integer(1)], as: call)
        },
    ]

    @Test("is refused like a field that does not exist", arguments: paths)
    func refused(_ path: Path) throws {
        let (office, ann) = try makeOffice()
        let call = Office.call(ann)
        var messages: [String] = []
        for field in [Self.hidden, Self.absent] {
            do {
                try path.use(office, call, field)
                Issue.record("\(field) was accepted by \(path.name)")
            } catch let error as CRMError {
                messages.append(
                    "\(error.kind.name) \(error.message) \(error.fields.map { "\($0.field) \($0.code) \($0.message)" })"
                        .replacingName(field))
                #expect(!error.candidates.contains(Self.hidden))
                #expect(error.hint?.contains(Self.hidden) != true)
            }
        }
        #expect(messages.count == 2)
        #expect(messages.first == messages.last)
    }

    @Test("is absent from records and from their history, and there for administrators")
    func absent() throws {
        let (office, ann) = try makeOffice()
        let call = Office.call(ann)
        let id = try office.ids("account", where: nil, as: call)[0]
        #expect(try office.get(id, as: call).values[Self.hidden] == nil)
        #expect(try office.get(id).values[Self.hidden] != nil)
        func historyFields(_ call: CallContext) throws -> Set<String> {
            let entries = try office.records.history(
                call, office.snapshot, on: office.database.makeReader(), id: id)
            return Set(entries.flatMap(\.changes).map(\.field.name))
        }
        #expect(try !historyFields(call).contains(Self.hidden))
        #expect(try historyFields(office.root).contains(Self.hidden))
    }

    /// An account with a revenue, and a user whom the organisation's switch hides it from.
    private func makeOffice() throws -> (Office, RecordID) {
        let office = try Office()
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        let account = try office.create(
            "account",
            ["account_name": "A", "annual_revenue": .decimal(FixedDecimal(units: 10_000, scale: 4))])
        try office.create("contact", ["last_name": "C", "account": .reference(account)])
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess(Self.hidden, of: "account", profile: nil, .hidden)
        }
        return (office, ann)
    }
}

extension String {
    fileprivate func replacingName(_ name: String) -> String {
        split(separator: name, omittingEmptySubsequences: false).joined(separator: "FIELD")
    }
}

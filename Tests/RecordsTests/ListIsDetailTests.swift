import CRMSDK
import Query
import Records
import Registry
import Security
import SecurityCases
import Storage
import Testing

/// What lists, counts and aggregates reach in a real database is what the plain procedure allows, record by record.
@Suite("List = detail")
struct ListIsDetailTests {
    static let companies = 12

    @Test("list, count, aggregate, get and edit reach exactly what the fourteen steps allow")
    func randomCompanies() throws {
        let first = UInt64.random(in: 0...(UInt64.max / 2))
        var answers: [Bool: Int] = [:]
        for number in 0..<Self.companies {
            let seed = first + UInt64(number)
            let company = try DatabaseCompany(seed: seed)
            let plain = PlainProcedure(facts: company.facts, entities: company.entities)
            for user in company.facts.users.values.sorted(by: { $0.id < $1.id }) {
                let call = Office.call(user.id, isAdministrator: user.isAdministrator)
                for entity in DatabaseCompany.names {
                    var expected: [RecordID] = []
                    for (id, made) in company.records where made.entity == entity && !made.isDeleted {
                        if plain.allows(user.id, .view, entity, company.facts(of: id)) { expected.append(id) }
                    }
                    expected.sort()
                    let reached = try Reached(entity, call, company.office)
                    #expect(reached.listed == expected, "seed \(seed), user \(user.id), list of \(entity)")
                    #expect(reached.counted == expected.count, "seed \(seed), user \(user.id), \(entity)")
                    #expect(reached.grouped == expected.count, "seed \(seed), user \(user.id), \(entity)")
                }
                try checkSearch(user.id, call, plain, company, seed)
                for (id, made) in company.records where !made.isDeleted {
                    let facts = company.facts(of: id)
                    let mayView = plain.allows(user.id, .view, made.entity, facts)
                    answers[mayView, default: 0] += 1
                    #expect(
                        isThere(id, call, company.office) == mayView,
                        "seed \(seed), user \(user.id), get \(id)")
                    try checkEdit(id, made.entity, facts, mayView, plain, call, company, seed)
                }
            }
        }
        // Companies in which nobody sees anything, or everybody everything, would prove nothing.
        let (seen, unseen): (Int, Int) = (answers[true, default: 0], answers[false, default: 0])
        #expect(seen > 100, "seed \(first)")
        #expect(unseen > 100, "seed \(first)")
    }

    /// What an entity's collective reads show to a caller.
    private struct Reached {
        var listed: [RecordID] = []
        var counted = 0
        var grouped = 0

        init(_ entity: String, _ call: CallContext, _ office: Office) throws {
            var parameters = ListParameters(entity: entity)
            parameters.sort = ["id"]
            parameters.fields = ["id"]
            parameters.limit = 5
            do throws(CRMError) {
                listed = try office.walk(parameters, as: call)
            } catch {
                // No right to the entity at all: nothing is reached.
                guard error.kind == .forbidden || error.kind == .unauthenticated else { throw error }
                return
            }
            let reader = try office.database.makeReader()
            let count = try office.records.planCount(call, office.snapshot, parameters)
            counted = Int(try office.records.count(count, on: reader))
            grouped = try Self.grouped(entity, call, office, reader)
        }

        private static func grouped(
            _ entity: String, _ call: CallContext, _ office: Office, _ reader: ReadConnection
        ) throws(CRMError) -> Int {
            let snapshot = office.snapshot
            let count = AggregateQuery.Measure(operation: .count, path: nil, name: "n")
            let plan = try office.records.planAggregate(
                call, snapshot, entity: entity, filter: nil, groups: [], measures: [count])
            var grouped: Int64 = 0
            try office.records.aggregate(plan, on: reader) { row throws(CRMError) in
                grouped = try plan.value(plan.members[0], row, snapshot).integer ?? 0
            }
            return Int(grouped)
        }
    }

    /// The label of a record, where it has one, begins with its entity's name: search finds those that may be viewed, and
    /// no others, in pages and with the index narrowed to one entity as well.
    private func checkSearch(
        _ user: RecordID, _ call: CallContext, _ plain: PlainProcedure, _ company: DatabaseCompany,
        _ seed: UInt64
    ) throws {
        for word in DatabaseCompany.names {
            var expected: [RecordID] = []
            for (id, made) in company.records where made.entity == word && made.isNamed && !made.isDeleted {
                if plain.allows(user, .view, word, company.facts(of: id)) { expected.append(id) }
            }
            expected.sort(by: >)
            let found = try company.office.searchAll(word, limit: 3, as: call)
            #expect(found.map(\.id) == expected, "seed \(seed), user \(user), search for \(word)")
            let entity = try company.office.snapshot.registry.entity(word)
            do throws(CRMError) {
                let narrowed = try company.office.searchAll("\(word) ", entities: [entity], as: call)
                #expect(narrowed.map(\.id) == expected, "seed \(seed), user \(user), search in \(word)")
            } catch {
                #expect(error.kind == .forbidden || error.kind == .unauthenticated)
                #expect(expected.isEmpty, "seed \(seed), user \(user), search in \(word)")
            }
        }
    }

    private func isThere(_ id: RecordID, _ call: CallContext, _ office: Office) -> Bool {
        do throws(CRMError) {
            try office.records.get(
                call, office.snapshot, on: office.database.makeReader(), id: id, entity: nil, fields: ["id"]
            ) { _, _ in }
            return true
        } catch {
            #expect(error.kind == .notFound)
            return false
        }
    }

    /// A refused edit of what is seen is forbidden; of what is not seen, not found. The facts that explain a decision are
    /// those that the lists go by.
    private func checkEdit(
        _ id: RecordID, _ entity: String, _ facts: RecordFacts, _ mayView: Bool, _ plain: PlainProcedure,
        _ call: CallContext, _ company: DatabaseCompany, _ seed: UInt64
    ) throws {
        let office = company.office
        let registered = try office.snapshot.registry.entity(entity)
        let read = try #require(
            try office.records.recordFacts(id, registered, office.snapshot, on: office.database.makeReader()))
        let security = office.snapshot.security
        for verb in [AccessVerb.view, .edit, .delete] {
            let expected = plain.allows(call.principal.user, verb, entity, facts)
            let decision = security.decide(call.principal, verb, entity, record: read)
            #expect(decision.allowed == expected, "seed \(seed), \(verb.name) \(id): \(decision.message)")
        }
    }
}

import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Ticket: life")
struct TicketTests {
    struct Move: Sendable, CustomTestStringConvertible {
        let from, to: String
        let isAllowed: Bool
        var testDescription: String { "\(from) → \(to): \(isAllowed ? "allowed" : "refused")" }
    }

    static let statuses = ["open", "in_progress", "wait_for_response", "closed"]
    static let next = [
        "open": ["in_progress", "wait_for_response", "closed"],
        "in_progress": ["wait_for_response", "closed"],
        "wait_for_response": ["in_progress", "closed"],
        "closed": ["in_progress"],
    ]
    static let moves = statuses.flatMap { from in
        statuses.map { to in
            Move(from: from, to: to, isAllowed: from == to || next[from]?.contains(to) == true)
        }
    }

    @Test("the module passes the checks that every module passes")
    func conforms() throws {
        let module = try BuiltModule.load("support")
        #expect(Conformance.problems(of: type(of: module)) == [])
    }

    @Test("a status leads only where its data says", arguments: moves)
    func move(_ move: Move) throws {
        let desk = try Desk()
        let ticket = try desk.ticket(["status": .text(move.from), "solution": "Water."])
        let error = refusal { _ = try desk.update(ticket, ["status": .text(move.to)]) }
        #expect((error == nil) == move.isAllowed)
        if let error {
            #expect(error.kind == .invalidRecord)
            #expect(error.fields.map(\.field) == ["status"])
            #expect(error.message.contains("ticket \"TT00001\" cannot move from"))
        }
    }

    @Test("an administrator's own status takes part by its data alone")
    func ownStatus() throws {
        let desk = try Desk()
        desk.context.change("ticket") { definition in
            guard let index = definition.fields.firstIndex(where: { $0.name == "status" }) else { return }
            definition.fields[index].type.values.append(
                PicklistValue("rejected", "Rejected").stateClass("closed").next())
        }
        let rejected = try desk.ticket(["status": "rejected"])
        #expect(rejected["closed_at"] == instant("2026-03-10T09:00:00Z"))
        let error = refusal { _ = try desk.update(rejected, ["status": "open"]) }
        #expect(error?.hint == "\"Rejected\" is the end.")
    }

    @Test("closing asks for a solution, now or before, and notes the moment")
    func closing() throws {
        let desk = try Desk()
        let ticket = try desk.ticket()
        let error = refusal { _ = try desk.update(ticket, ["status": "closed"]) }
        #expect(error?.fields.map(\.field) == ["solution"])
        #expect(error?.fields.map(\.code) == ["required"])
        desk.clock.advance(seconds: 90)
        let closed = try desk.update(ticket, ["status": "closed", "solution": "Water."])
        #expect(closed["closed_at"] == instant("2026-03-10T09:01:30Z"))
        #expect(
            refusal { _ = try desk.update(closed, ["solution": .null]) }?.fields.map(\.field) == ["solution"])
        let worded = try desk.update(closed, ["solution": "Much water."])
        #expect(worded["closed_at"] == closed["closed_at"], "only a move closes")
    }

    @Test("taking up a closed ticket is counted, and forgets when it was closed")
    func reopening() throws {
        let desk = try Desk()
        var ticket = try desk.ticket()
        #expect(ticket["reopened_count"] == 0)
        for count in 1...3 as ClosedRange<Int64> {
            ticket = try desk.update(ticket, ["status": "closed", "solution": "Water."])
            ticket = try desk.update(ticket, ["status": "in_progress"])
            #expect(ticket["reopened_count"] == .integer(count))
            #expect(ticket["closed_at"] == .null)
        }
        ticket = try desk.update(ticket, ["status": "wait_for_response"])
        #expect(ticket["reopened_count"] == 3)
    }

    @Test("an import brings closed tickets without a solution, in any order")
    func imports() throws {
        let desk = try Desk()
        desk.context.origin = "import"
        let ticket = try desk.ticket(["status": "closed"])
        #expect(ticket["closed_at"] == instant("2026-03-10T09:00:00Z"))
        #expect(try desk.update(ticket, ["status": "open"])["status"] == "open")
    }

    @Test("a ticket begins open, with normal priority")
    func defaults() throws {
        let ticket = try Desk().ticket()
        #expect(ticket["status"] == "open")
        #expect(ticket["priority"] == "normal")
        #expect(ticket["ticket_no"] == "TT00001")
        #expect(ticket["closed_at"] == .null)
    }
}

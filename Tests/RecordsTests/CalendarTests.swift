import CRMSDK
import Records
import Security
import Testing

/// Who views whose calendar: the invited, those with whom it is shared, and everybody when somebody is busy.
@Suite("Calendars")
struct CalendarTests {
    private let office: Office
    private let ann, bob: RecordID
    private let asAnn, asBob: CallContext

    init() throws {
        let office = try BundledModulesTests.office(["collaboration"])
        // Peers of one role: neither is the other's superior.
        func user(_ name: String) throws -> RecordID {
            try office.create(
                "user",
                ["username": .text(name), "last_name": .text(name), "role": .reference(RecordID(1))])
        }
        self.office = office
        (ann, bob) = (try user("ann"), try user("bob"))
        (asAnn, asBob) = (Office.call(ann), Office.call(bob))
    }

    private func instant(_ hour: String) -> Value {
        Instant("2026-12-01T\(hour):00Z").map { .instant($0) } ?? .null
    }

    private func event(
        _ start: String, _ end: String, _ values: [String: Value] = [:], of call: CallContext? = nil
    ) throws -> RecordID {
        let whole = ["subject": "Demo", "start_at": instant(start), "end_at": instant(end)]
        return try office.create("event", whole.merging(values) { $1 }, as: call ?? asAnn)
    }

    private func seen(by call: CallContext) throws -> [RecordID] {
        try office.ids("event", where: nil, as: call)
    }

    // MARK: Viewing

    @Test("an invitation shows an event, whatever its visibility, and never lets it be changed")
    func invitation() throws {
        let demo = try event("10:00", "11:00")
        #expect(try seen(by: asBob).isEmpty)
        try office.link(demo, "event_user", bob, [:], as: asAnn)
        #expect(try seen(by: asBob) == [demo])
        for verb in [AccessVerb.edit, .delete] {
            let refused = #expect(throws: CRMError.self) {
                switch verb {
                case .edit: try office.update(demo, ["subject": "Mine"], as: asBob)
                default: try office.delete(demo, as: asBob)
                }
            }
            #expect(refused?.kind == .forbidden)
        }
        try office.unlink(demo, "event_user", bob, as: asAnn)
        #expect(try seen(by: asBob).isEmpty)
        let gone = #expect(throws: CRMError.self) { try office.get(demo, as: asBob) }
        #expect(gone?.kind == .notFound)
    }

    @Test("a shared calendar shows its public events, from one call to the next, and nobody shares another's")
    func sharing() throws {
        let secret = try event("10:00", "11:00")
        let open = try event("12:00", "13:00", ["visibility": "public"])
        let share: [String: Value] = ["shared_with": .reference(bob)]
        let theft = #expect(throws: CRMError.self) {
            try office.create(
                "calendar_share", ["owner": .reference(ann), "shared_with": .reference(bob)], as: asBob)
        }
        #expect(theft?.kind == .invalidRecord || theft?.kind == .forbidden)
        #expect(try seen(by: asBob).isEmpty)
        let made = try office.create("calendar_share", share, as: asAnn)
        #expect(try seen(by: asBob) == [open])
        #expect(try Set(seen(by: asAnn)) == [secret, open])
        let twice = #expect(throws: CRMError.self) { try office.create("calendar_share", share, as: asAnn) }
        #expect(twice?.kind == .duplicate)
        let own = #expect(throws: CRMError.self) {
            try office.create("calendar_share", ["shared_with": .reference(ann)], as: asAnn)
        }
        #expect(own?.fields.map(\.field) == ["shared_with"])
        try office.update(open, ["visibility": "private"], as: asAnn)
        #expect(try seen(by: asBob).isEmpty)
        try office.update(open, ["visibility": "public"], as: asAnn)
        try office.delete(made, as: asAnn)
        #expect(try seen(by: asBob).isEmpty)
    }

    // MARK: Answers

    @Test("who is invited answers, and nobody else")
    func answers() throws {
        let demo = try event("10:00", "11:00", ["visibility": "public"])
        let answer = StructuredValue.object([
            "event": .value(.reference(demo)), "response": .value("accepted"),
        ])
        func refusal() -> CRMError? {
            #expect(throws: CRMError.self) {
                try office.act("collaboration.answer_invitation", answer, as: asBob)
            }
        }
        #expect(refusal()?.kind == .notFound)
        _ = try office.create("calendar_share", ["shared_with": .reference(bob)], as: asAnn)
        #expect(refusal()?.kind == .forbidden)
        try office.link(demo, "event_user", bob, [:], as: asAnn)
        _ = try office.act("collaboration.answer_invitation", answer, as: asBob)
        #expect(try office.linkTexts(demo, "event_user") == [["response": "accepted"]])
    }

    // MARK: Busy

    private func busy(_ from: String, _ to: String, _ users: [RecordID], as call: CallContext) throws
        -> [String]
    {
        let answer = try office.act(
            "collaboration.busy",
            .object([
                "from": .value(instant(from)), "to": .value(instant(to)),
                "users": .list(users.map { .value(.reference($0)) }),
            ]), as: call)
        return answer.elements.map { stretch in
            #expect(stretch["subject"] == nil)
            let who = stretch["user"]?.value.reference == ann ? "ann" : "bob"
            let times = ["start", "end"].map { name in
                String((stretch[name]?.value.instant?.description ?? "").dropFirst(11).prefix(5))
            }
            return "\(who) \(times[0])-\(times[1])"
        }
    }

    @Test(
        "busy times are those of one's own events and of invitations, joined and cut, and tell nothing else")
    func busyTimes() throws {
        _ = try event("08:00", "09:30")
        _ = try event("09:00", "10:00")
        _ = try event("10:00", "10:15")
        _ = try event("12:00", "13:00", ["status": "not_held"])
        let demo = try event("14:00", "16:00")
        try office.link(demo, "event_user", bob, [:], as: asAnn)
        #expect(
            try busy("09:00", "15:00", [ann, bob], as: asBob) == [
                "ann 09:00-10:15", "ann 14:00-15:00", "bob 14:00-15:00",
            ])
        try office.link(demo, "event_user", bob, ["response": "declined"], as: asAnn)
        #expect(try busy("09:00", "15:00", [bob], as: asBob).isEmpty)
        #expect(try busy("10:15", "14:00", [ann], as: asBob).isEmpty)
        let backwards = #expect(throws: CRMError.self) { try busy("15:00", "09:00", [ann], as: asBob) }
        #expect(backwards?.kind == .invalidParameters)
        let nobody = #expect(throws: CRMError.self) { try busy("09:00", "15:00", [demo], as: asBob) }
        #expect(nobody?.kind == .notFound)
    }
}

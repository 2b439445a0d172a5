import CRMSDK
import Foundation
import Records
import Registry
import Security
import Storage
import Testing

/// Numbers that the kernel gives, looked for several at a time.
@Suite("Numbers of records")
struct NumberTests {
    private let office: Office

    init() throws { office = try Office() }

    private var call: CallContext {
        Office.call(office.root.principal.user, isAdministrator: true, source: .import)
    }

    private func numbers() throws -> [String] {
        try office.ids("contact", where: nil).map { try office.get($0)["contact_no"].text ?? "" }.sorted()
    }

    private func expected(_ counters: some Sequence<Int>) -> [String] {
        counters.map { "CON" + String(100_000 + $0).dropFirst() }
    }

    @Test("many records of one unit have the numbers from 1 on, without gaps, and the next unit goes on")
    func many() throws {
        for count in [130, 3] {
            try office.unit(as: call) { unit throws(CRMError) in
                for _ in 0..<count { _ = try unit.create("contact", ["last_name": "Lee"]) }
            }
        }
        #expect(try numbers() == expected(1...133))
    }

    @Test(
        "a number that is brought, however it is written, is given to nobody else",
        arguments: ["CON00020", "con00020", "ＣＯＮ00020"])
    func brought(_ number: String) throws {
        try office.unit(as: call) { unit throws(CRMError) in
            // So many that the numbers up to the brought one have been looked for.
            for _ in 0..<6 { _ = try unit.create("contact", ["last_name": "Lee"]) }
            _ = try unit.create("contact", ["last_name": "Lee", "contact_no": .text(number)])
            for _ in 0..<40 { _ = try unit.create("contact", ["last_name": "Lee"]) }
        }
        let keys = try numbers().map {
            $0.lowercased().applyingTransform(.fullwidthToHalfwidth, reverse: false)
        }
        #expect(keys.count == 47 && Set(keys).count == 47)
    }

    @Test("a number that a record takes by a change is given to nobody else")
    func changed() throws {
        let first = try office.create("contact", ["last_name": "Lee"])
        try office.unit(as: call) { unit throws(CRMError) in
            for _ in 0..<6 { _ = try unit.create("contact", ["last_name": "Lee"]) }
            try unit.update(first, entity: nil, ["contact_no": "con00015"], version: nil)
            for _ in 0..<20 { _ = try unit.create("contact", ["last_name": "Lee"]) }
        }
        let keys = try numbers().map { $0.lowercased() }
        #expect(keys.count == 27 && Set(keys).count == 27)
    }

    @Test(
        "a number that is brought from beyond the end of a series lifts it nowhere",
        arguments: ["CON1000000000000001", "CON9223372036854775807", "CON99999999999999999999"])
    func beyondTheEnd(_ number: String) throws {
        try office.unit(as: call) { unit throws(CRMError) in
            _ = try unit.create("contact", ["last_name": "Lee", "contact_no": .text(number)])
            _ = try unit.create("contact", ["last_name": "Lee"])
        }
        #expect(try numbers() == ["CON00001", number])
    }

    @Test("behind its last number a series gives none, and says so")
    func end() throws {
        try office.unit(as: call) { unit throws(CRMError) in
            _ = try unit.create("contact", ["last_name": "Lee", "contact_no": "CON999999999999999"])
            _ = try unit.create("contact", ["last_name": "Lee"])
        }
        #expect(try numbers() == ["CON1000000000000000", "CON999999999999999"])
        let error = #expect(throws: CRMError.self) { try office.create("contact", ["last_name": "Lee"]) }
        #expect(error?.kind == .limitExceeded)
        #expect(
            error?.message == "the numbers of contact.contact_no are used up: they end at 1000000000000000")
    }

    @Test("numbers of what was undone inside a unit are given again")
    func undone() throws {
        let service = office.records
        let call = call
        try office.database.writer.perform { (transaction) throws(CRMError) in
            try service.unit(transaction, call) { (unit) throws(CRMError) in
                for _ in 0..<6 { _ = try unit.create("contact", ["last_name": "Lee"]) }
                do throws(CRMError) {
                    try transaction.savepoint { () throws(CRMError) in
                        for _ in 0..<30 { _ = try unit.create("contact", ["last_name": "Lee"]) }
                        throw CRMError(.invalidRecord, "undone")
                    }
                } catch { #expect(error.message == "undone") }
                for _ in 0..<6 { _ = try unit.create("contact", ["last_name": "Lee"]) }
            }
        }
        #expect(try numbers() == expected(1...12))
    }

    @Test("numbers that records have already are passed over")
    func taken() throws {
        for counter in [3, 9, 10, 50] {
            // As if another pattern had been in force: the counter does not follow them.
            try office.create(
                "contact", ["last_name": "Lee", "contact_no": .text("con0000\(counter)")], as: call)
        }
        try office.unit(as: call) { unit throws(CRMError) in
            for _ in 0..<60 { _ = try unit.create("contact", ["last_name": "Lee"]) }
        }
        let keys = try numbers().map { $0.lowercased() }
        #expect(Set(keys).count == keys.count)
    }
}

import CRMSDK
import Installation
import Query
import Records
import Registry
import Security
import Storage
import TestRandom
import Testing

@Suite("Search")
struct SearchTests {
    let office: Office

    init() throws { office = try Office() }

    // MARK: Words

    struct Find: Sendable, CustomTestStringConvertible {
        let text: String
        let found: Set<String>
        var testDescription: String { "\(text) → \(found.sorted())" }

        init(_ text: String, _ found: String...) {
            self.text = text
            self.found = Set(found)
        }
    }

    @Test(
        "words are found whatever their case, accents and script; all of them, the last one by its beginning",
        arguments: [
            Find("lodz", "Łódź Steel"), Find("ŁÓDŹ", "Łódź Steel"), Find("łód", "Łódź Steel"),
            Find("straße", "STRASSE GmbH"), Find("STRAẞ", "STRASSE GmbH"),
            Find("HAUPTSTRASSE", "Hauptstraße Bau"), Find("orsted", "Ørsted Energi"),
            Find("ørs", "Ørsted Energi"),
            Find("東京都", "東京都庁"), Find("東京", "東京都庁", "京都と東京"), Find("京都東京"), Find("都庁", "東京都庁"),
            Find("שלום", "שָׁלוֹם בע״מ", "שלום ובניו"), Find("שָׁלוֹם", "שָׁלוֹם בע״מ", "שלום ובניו"),
            Find("محمد", "مُحَمَّد وأولاده"), Find("مُحَمَّد", "مُحَمَّد وأولاده"),
            Find("steel lodz", "Łódź Steel"), Find("stee lodz"), Find("lodz stee", "Łódź Steel"),
            Find("steel gmbh"), Find("\"steel lodz\""), Find("\"lodz steel\"", "Łódź Steel"),
            Find("\"lodz stee\""),
            Find("tee"), Find("o'brien", "O'Brien & Søns"), Find("brien sons", "O'Brien & Søns"),
        ])
    func words(_ find: Find) throws {
        let names = [
            "Łódź Steel", "Hauptstraße Bau", "STRASSE GmbH", "Ørsted Energi", "東京都庁", "京都と東京", "שָׁלוֹם בע״מ",
            "שלום ובניו", "مُحَمَّد وأولاده", "O'Brien & Søns", "Other",
        ]
        for name in names { try office.create("account", ["account_name": .text(name)]) }
        #expect(try labels(find.text) == find.found)
    }

    @Test(
        "phone numbers and e-mail addresses are found by their parts and however they are written",
        arguments: [
            "+49 30 1234567", "0049301234567", "030 1234567", "(030) 123-4567", "1234567", "03012345",
            "lovelace",
            "lovelace@acme", "ada.lovelace@acme.example", "acme.exa", "\"ada lovelace\"",
        ])
    func phonesAndMail(_ text: String) throws {
        let id = try office.create(
            "contact",
            [
                "last_name": "King", "phone": "+49 (30) 123 45 67", "mobile": "+49 30 1234567",
                "email": "ada.lovelace@acme.example",
            ])
        try office.create("contact", ["last_name": "Other", "phone": "+49 40 7654321"])
        #expect(try found(text) == [id])
    }

    @Test("one character finds the beginnings of labels only")
    func oneCharacter() throws {
        let zeta = try office.create("account", ["account_name": "Zeta Yards", "description": "quick"])
        let tokyo = try office.create("account", ["account_name": "東京都"])
        #expect(try found("z") == [zeta])
        #expect(try found("y") == [zeta])
        #expect(try found("q").isEmpty)
        #expect(try found("都") == [tokyo])
    }

    @Test("a text without a word, one too long and one with too many words are refused")
    func refusals() throws {
        for (text, kind) in [
            ("", CRMError.Kind.invalidParameters), (" \"-\" ", .invalidParameters),
            (String(repeating: "a", count: SearchQuery.maximumLength + 1), .limitExceeded),
            (
                Array(repeating: "a", count: SearchQuery.maximumWords + 1).joined(separator: " "),
                .limitExceeded
            ),
        ] {
            let error = #expect(throws: CRMError.self) { try SearchQuery(text) }
            #expect(error?.kind == kind)
        }
        _ = try SearchQuery(String(repeating: "a", count: SearchQuery.maximumLength))
        _ = try SearchQuery(Array(repeating: "ab", count: SearchQuery.maximumWords).joined(separator: " "))
        // What means something to the index means nothing here.
        for text in ["a AND", "NOT x", "a\"b", "text:x", "x*", "(a OR b)", "'; -- x", "{a} : b", "^a"] {
            #expect(throws: Never.self) { try found(text) }
        }
    }

    // MARK: Order

    @Test("newest first, those whose label matches before others, page by page without gaps")
    func order() throws {
        var ids: [RecordID] = []
        for number in 0..<7 {
            ids.append(
                try office.create(
                    "account",
                    number % 3 == 0
                        ? ["account_name": .text("North \(number)")]
                        : ["account_name": .text("Acme \(number)"), "description": "far in the north"]))
        }
        let exact = try office.create("account", ["account_name": "North"])
        let expected = [exact, ids[6], ids[3], ids[0], ids[5], ids[4], ids[2], ids[1]]
        #expect(try found("north") == expected)
        #expect(try found("north", limit: 3) == expected)
        #expect(try found("north", limit: 1) == expected)
    }

    @Test("a cursor of another search is refused")
    func foreignCursor() throws {
        for _ in 0..<3 { try office.create("account", ["account_name": "North"]) }
        let plan = try office.records.planSearch(
            office.root, office.snapshot, text: "north", entities: nil, limit: 1, cursor: nil)
        let cursor = try #require(try office.records.search(plan, on: office.database.makeReader()).next)
        let error = #expect(throws: CRMError.self) {
            try office.records.planSearch(
                office.root, office.snapshot, text: "south", entities: nil, limit: 1, cursor: cursor)
        }
        #expect(error?.kind == .invalidParameters)
    }

    // MARK: Writes

    @Test("the index follows every write, and nothing that is not kept")
    func follows() throws {
        let id = try office.create("account", ["account_name": "Before"])
        #expect(try found("before") == [id])
        try office.update(id, ["account_name": "After"])
        #expect(try found("before").isEmpty)
        #expect(try found("after") == [id])
        try office.update(id, ["account_name": .text("Twice"), "email": "x@twice.example"])
        try office.delete(id)
        #expect(try found("twice").isEmpty)
        try office.restore(id)
        #expect(try found("twice") == [id])
        let (service, root) = (office.records, office.root)
        try office.database.writer.perform(mode: .rollBack) { (transaction) throws(CRMError) in
            try service.unit(transaction, root) { (unit) throws(CRMError) in
                _ = try unit.create("account", ["account_name": "Neverland"])
                try unit.update(id, entity: nil, ["account_name": "Neverland"], version: nil)
            }
        }
        #expect(try found("neverland").isEmpty)
        #expect(try found("twice") == [id])
        // Twice in one unit: what it ends with counts.
        try office.database.writer.perform { (transaction) throws(CRMError) in
            try service.unit(transaction, root) { (unit) throws(CRMError) in
                let made = try unit.create("account", ["account_name": "Middle"])
                try unit.update(made, entity: nil, ["account_name": "End"], version: nil)
                let gone = try unit.create("account", ["account_name": "Endless"])
                try unit.delete(gone, entity: nil)
            }
        }
        #expect(try found("middle").isEmpty)
        #expect(try labels("end") == ["End"])
    }

    @Test("what becomes searchable later is filled in by batches, and goes on where it was after a kill")
    func filling() throws {
        var ids: [RecordID] = []
        for number in 0..<7 {
            ids.append(
                try office.create(
                    "account", ["account_name": .text("Acme"), "ticker_symbol": .text("QX\(number)")]))
        }
        try office.delete(ids[0])
        let filling = SearchFilling(office.records, office.database.writer, batchSize: 2)
        while try filling.step() {}
        #expect(try filling.step() == false)
        try setSearchable("ticker_symbol", false)
        #expect(try found("qx").isEmpty)
        while try filling.step() {}
        try setSearchable("ticker_symbol", true)
        #expect(try filling.step())
        // Another one, as after a restart: it knows how far the first has come.
        let other = SearchFilling(office.records, office.database.writer, batchSize: 2)
        #expect(try other.step())
        while try other.step() {}
        #expect(try Set(found("qx")) == Set(ids.dropFirst()))
    }

    private func setSearchable(_ name: String, _ isSearchable: Bool) throws {
        var patch = FieldPatch()
        patch.isSearchable = isSearchable
        try office.change(.updateField(FieldName("account", name), patch))
    }

    // MARK: Rights

    @Test("a hidden field is not searched, and its text not shown")
    func hiddenField() throws {
        let ann = try office.create(
            "user", ["username": "ann", "last_name": "Ann", "role": .reference(RecordID(1))])
        let secret = try office.create("account", ["account_name": "Acme", "description": "sesame words"])
        let open = try office.create("account", ["account_name": "Sesame street"])
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("description", of: "account", profile: nil, .hidden)
        }
        let call = Office.call(ann)
        #expect(try found("sesame", as: call) == [open])
        #expect(try found("acme sesame", as: call).isEmpty)
        #expect(try Set(found("sesame")) == [secret, open])
        // A label of which a part is hidden is none to look for.
        let contact = try office.create("contact", ["first_name": "Vera", "last_name": "Xu"])
        #expect(try found("v", as: call) == [contact])
        try office.administer { administration throws(CRMError) in
            try administration.setFieldAccess("first_name", of: "contact", profile: nil, .hidden)
        }
        #expect(try found("v", as: call).isEmpty)
        let mandatory = #expect(throws: CRMError.self) {
            try office.administer { administration throws(CRMError) in
                try administration.setFieldAccess("account_name", of: "account", profile: nil, .hidden)
            }
        }
        #expect(mandatory?.message.contains("cannot be hidden from everyone") == true)
    }

    @Test(
        "a field that is not cut into words holds nothing: whatever is searched in whatever text",
        arguments: 1...8)
    func uncut(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let alphabet = Array("aabAB01 29.-+@_\té ßłŁ東京ガ").map(String.init)
        func text(_ limit: Int, _ random: inout SeededRandom) -> String {
            let plain = Bool.random(using: &random)
            let count = Int.random(in: 0...limit, using: &random)
            return (0..<count).map { _ in
                alphabet[Int.random(in: 0..<(plain ? 16 : alphabet.count), using: &random)]
            }.joined()
        }
        let account = try office.snapshot.registry.entity("account")
        let fields = [try #require(account["website"]), try #require(account["phone"])]
        var passed = 0
        for _ in 0..<3_000 {
            guard let query = try? SearchQuery(text(6, &random)) else { continue }
            for field in fields {
                let text = text(30, &random)
                let isHeld = query.match([SearchedField(field, text, isLabel: false)]) != nil
                let mayBe = query.mayBe(in: text.utf8Span.span, of: field)
                #expect(mayBe || !isHeld, "seed \(seed): \(query) in \(text.debugDescription)")
                if !mayBe { passed += 1 }
            }
        }
        #expect(passed > 500)
    }

    // MARK: Steps

    private func found(_ text: String, limit: Int = 50, as call: CallContext? = nil) throws -> [RecordID] {
        try office.searchAll(text, limit: limit, as: call).map(\.id)
    }

    private func labels(_ text: String) throws -> Set<String> {
        Set(try office.searchAll(text).compactMap(\.label))
    }
}

extension Office {
    /// All pages of a search.
    func searchAll(
        _ text: String, entities: [Entity]? = nil, limit: Int = 50, as call: CallContext? = nil
    ) throws(CRMError) -> [SearchHit] {
        var hits: [SearchHit] = []
        var cursor: String?
        let reader = try database.makeReader()
        repeat {
            let plan = try records.planSearch(
                call ?? root, snapshot, text: text, entities: entities, limit: limit, cursor: cursor)
            let page = try records.search(plan, on: reader)
            hits += page.hits
            cursor = page.next
        } while cursor != nil
        return hits
    }
}

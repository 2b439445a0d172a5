import Foundation
import JSON
import TestKit
import Testing

@Suite("End to end: bad input is refused by name, and the platform lives", .onePlatform(with: "sales"))
struct BadInputTests {
    let platform: TestPlatform
    let admin: Caller

    init() throws {
        platform = try OnePlatform.current
        admin = try platform.logIn()
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let method: String
        let params: String
        let code: Int64
        /// What the message must name.
        let names: String
        /// The fields that the error lists.
        var fields: [String] = []

        var testDescription: String { "\(method) \(params)" }

        static func create(_ values: String, names: String, fields: [String]) -> Bad {
            Bad(
                method: "record.create", params: #"{"entity":"potential","values":\#(values)}"#, code: -32004,
                names: names, fields: fields)
        }

        static func list(_ members: String, names: String, code: Int64 = -32602) -> Bad {
            Bad(method: "record.list", params: #"{"entity":"account",\#(members)}"#, code: code, names: names)
        }
    }

    @Test(
        "each names what is wrong",
        arguments: [
            Bad(method: "record.list", params: "{}", code: -32602, names: #""entity""#),
            Bad(method: "record.list", params: "[]", code: -32602, names: "object"),
            Bad(method: "record.list", params: #"{"entity":5}"#, code: -32602, names: #""entity""#),
            Bad(method: "record.list", params: #"{"entity":"acount"}"#, code: -32602, names: #""acount""#),
            Bad(
                method: "record.list", params: #"{"entity":"account","limt":5}"#, code: -32602,
                names: #""limt""#),
            Bad(method: "record.lst", params: "{}", code: -32601, names: #""record.lst""#),
            Bad(method: "record.get", params: #"{"id":"17"}"#, code: -32602, names: #""id""#),
            Bad(method: "record.get", params: #"{"id":0}"#, code: -32003, names: "record 0"),
            Bad(
                method: "record.get", params: #"{"id":9007199254740992}"#, code: -32003,
                names: "9007199254740992"),
            Bad(method: "record.get", params: #"{"id":1.5}"#, code: -32602, names: #""id""#),
            Bad(method: "record.get", params: #"{"id":8888888}"#, code: -32003, names: "8888888"),
            .list(#""limit":0"#, names: #""limit""#),
            .list(#""limit":1001"#, names: #""limit""#),
            .list(#""limit":99999999999999999999"#, names: #""limit""#),
            .list(#""sort":["-nam"]"#, names: #""nam""#),
            .list(#""fields":["nam"]"#, names: #""nam""#),
            .list(#""filter":["nam","=","x"]"#, names: #""nam""#),
            .list(#""filter":["account_name","like","x"]"#, names: #""like""#),
            .list(#""filter":["account_name","=",null]"#, names: "null"),
            .list(#""filter":["employees","=","many"]"#, names: "employees"),
            .list(#""filter":["parent_account.nam","=","x"]"#, names: #""nam""#),
            .list(#""filter":["account_name.nam","=","x"]"#, names: "account_name"),
            .list(#""filter":{"all":[["account_name","=","x"],{"most":[]}]}"#, names: "filter.all[1]"),
            .list(#""cursor":"AAAA""#, names: "cursor"),
            .create(
                "{}", names: "potential_name, related_to, closing_date",
                fields: ["potential_name", "related_to", "closing_date"]),
            .create(#"{"potential_name":7}"#, names: "Potential name", fields: ["potential_name"]),
            .create(#"{"potential_name":"P","nam":1}"#, names: #""nam""#, fields: ["nam"]),
            .create(#"{"potential_name":"P","amount":12.5}"#, names: "Amount", fields: ["amount"]),
            .create(#"{"potential_name":"P","amount":"12.12345"}"#, names: "Amount", fields: ["amount"]),
            .create(
                #"{"potential_name":"P","amount":"999999999999999999"}"#, names: "Amount", fields: ["amount"]),
            .create(
                #"{"potential_name":"P","probability":"100.01"}"#, names: "Probability",
                fields: ["probability"]),
            .create(
                #"{"potential_name":"P","closing_date":"2026-02-29"}"#, names: "Closing date",
                fields: ["closing_date"]),
            .create(
                #"{"potential_name":"P","sales_stage":"won"}"#, names: #""won""#, fields: ["sales_stage"]),
            .create(
                #"{"potential_name":"P","related_to":8888888}"#, names: "8888888", fields: ["related_to"]),
            .create(#"{"potential_name":"P","version":4}"#, names: "Version", fields: ["version"]),
            .create(
                #"{"potential_name":"P","amount":"x","closing_date":"y"}"#, names: "amount, closing_date",
                fields: ["amount", "closing_date"]),
            Bad(
                method: "record.create", params: #"{"entity":"potental","values":{}}"#, code: -32602,
                names: #""potental""#),
            Bad(
                method: "record.aggregate",
                params: #"{"entity":"account","measures":[{"op":"median","field":"employees"}]}"#,
                code: -32602,
                names: "median"),
            Bad(
                method: "record.aggregate",
                params: #"{"entity":"account","measures":[{"op":"sum","field":"account_name"}]}"#,
                code: -32602,
                names: "account_name"),
            Bad(
                method: "field.create", params: #"{"entity":"account","name":"seats","type":"integer"}"#,
                code: -32602, names: #""seats""#),
            Bad(
                method: "field.create", params: #"{"entity":"account","name":"x_seats","type":"number"}"#,
                code: -32602, names: #""type""#),
            Bad(
                method: "module.enable", params: #"{"name":"saels"}"#, code: -32003,
                names: #""saels""#),
            Bad(method: "module.disable", params: #"{"name":"core"}"#, code: -32602, names: #""core""#),
        ])
    func refusal(_ bad: Bad) throws {
        let refusal = try admin.refusal(of: bad.method, bad.params)
        #expect(refusal.code == bad.code, "\(refusal)")
        // With several problems the message names the fields, and each field's own message says what is wrong.
        let told = refusal.data?["fields"]?.elements.compactMap { $0["message"]?.string } ?? []
        #expect(([refusal.message] + told).contains { $0.contains(bad.names) }, "\(refusal)")
        // What is wrong comes first; fields that are needed and missing are told with it.
        #expect(refusal.fields.starts(with: bad.fields), "\(refusal)")
        #expect(refusal.fields.isEmpty == bad.fields.isEmpty, "\(refusal)")
        #expect(!refusal.message.contains("SELECT") && !refusal.message.contains("/"), "\(refusal)")
        #expect(try admin.call("auth.whoami")["by"]?.string == "session")
    }

    @Test(
        "bytes that are not UTF-8 are refused as no JSON, wherever they stand",
        arguments: [
            [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
        ])
    func invalidUTF8(_ bytes: [UInt8]) throws {
        let body =
            Array(
                #"{"jsonrpc":"2.0","id":1,"method":"record.create","params":{"entity":"account","#.utf8)
            + Array(#""values":{"account_name":""#.utf8)
            + bytes + Array(#""}}}"#.utf8)
        let answer = try admin.post(body)
        #expect(answer.status == 400 && answer.json?["error"]?["code"]?.int64 == -32700, "\(answer)")
    }

    @Test("JSON that is nested too deeply is refused, not followed")
    func depth() throws {
        let deep = String(repeating: "[", count: 100_000)
        let answer = try admin.post(#"{"jsonrpc":"2.0","id":1,"method":"auth.whoami","params":\#(deep)"#)
        #expect(answer.status == 400 && answer.json?["error"]?["code"]?.int64 == -32700, "\(answer)")
    }

    @Test("a cursor serves only the query that gave it")
    func foreignCursor() throws {
        for name in ["Cursor A", "Cursor B"] {
            _ = try admin.create("account", #"{"account_name":"\#(name)"}"#)
        }
        let query = #""entity":"account","limit":1,"sort":["account_name"]"#
        let cursor = try admin.call("record.list", "{\(query)}").string("next_cursor").jsonText
        #expect(
            try admin.call("record.list", #"{\#(query),"cursor":\#(cursor)}"#).array("records").count == 1)
        for other in [#""entity":"account","sort":["-account_name"]"#, #""entity":"contact""#] {
            let refusal = try admin.refusal(of: "record.list", #"{\#(other),"cursor":\#(cursor)}"#)
            #expect(refusal.code == -32602 && refusal.message.contains("cursor"), "\(refusal)")
        }
    }

    @Test("a write that one value makes invalid changes nothing")
    func nothingHalfDone() throws {
        let id = try admin.create("account", #"{"account_name":"Whole","employees":5}"#)
        let bad = try admin.refusal(
            of: "record.update", #"{"id":\#(id),"values":{"account_name":"Half","employees":-1}}"#)
        #expect(bad.fields == ["employees"])
        let read = try admin.call("record.get", #"{"id":\#(id)}"#)
        #expect(read["account_name"]?.string == "Whole" && read["version"]?.int64 == 1)
    }

    @Test("a dry run answers as the call would, and keeps nothing")
    func dryRun() throws {
        let would = try admin.call(
            "record.create", #"{"entity":"account","values":{"account_name":"Dry"},"dry_run":true}"#)
        #expect(would["account_name"]?.string == "Dry")
        #expect(try would.integer("id") < 0)
        #expect(try admin.count("account", #"["account_name","=","Dry"]"#) == 0)
    }

    // MARK: Modules

    @Test(
        "a module whose stamp was changed is refused by name, and what runs goes on",
        arguments: [
            Tampering(what: "the compiler", find: "Clang 21", replacement: "Clang 20", names: "Clang 20"),
            Tampering(what: "the magic", find: nil, replacement: "", names: "stamp"),
        ])
    func tamperedModule(_ tampering: Tampering) throws {
        let path = platform.folder.path("libSalesModule-\(UInt32.random(in: .min ... .max)).so")
        var file = try [UInt8](
            Data(contentsOf: URL(fileURLWithPath: "\(BuildFolder.path)/libSalesModule.so")))
        try tampering.change(&file)
        try Data(file).write(to: URL(fileURLWithPath: path))
        let refusal = try admin.refusal(of: "module.enable", #"{"name":\#(path.jsonText)}"#)
        #expect(refusal.code == -32602, "\(refusal)")
        #expect(refusal.message.contains(tampering.names), "\(refusal)")
        #expect(refusal.hint?.isEmpty == false)
        #expect(try admin.count("potential") >= 0)
    }

    @Test("a file that is no module is refused", arguments: ["certificate", "nothing", "folder"])
    func noModule(_ what: String) throws {
        let path =
            switch what {
            case "certificate": platform.certificatePath
            case "folder": platform.dataPath
            default: platform.folder.path("nothing.so")
            }
        let refusal = try admin.refusal(of: "module.enable", #"{"name":\#(path.jsonText)}"#)
        #expect([-32602, -32003].contains(refusal.code), "\(refusal)")
    }

    struct Tampering: Sendable, CustomTestStringConvertible {
        let what: String
        /// Nil means the section's first bytes.
        let find: String?
        let replacement: String
        /// What the refusal must name.
        let names: String

        var testDescription: String { what }

        /// Changes the bytes of the section `.crm_module`, found by the stamp's magic.
        func change(_ file: inout [UInt8]) throws {
            let magic = Array("CRMMODUL".utf8)
            let start = try #require(
                file.indices.first { file[$0...].starts(with: magic) }, "the library has no stamp")
            guard let find else {
                file[start] ^= 0xFF
                return
            }
            let text = Array(find.utf8)
            let place = try #require(file[start...].indices.first { file[$0...].starts(with: text) })
            file.replaceSubrange(place..<place + text.count, with: Array(replacement.utf8))
        }
    }
}

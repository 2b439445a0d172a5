import Foundation
import JSON
import TestKit
import Testing

/// A file comes in by the console with all that can be wrong with it, and is taken back; the kernel dies on the way.
@Suite("End to end: an import and the way back")
struct ImportStoryTests {
    private static let mapping = """
        { entity: "account", match_on: ["account_name"], on_match: "merge",
          columns: { name: "account_name", phone: "phone", site: "website", since: "x_since" } }
        """

    @Test(
        "five rows: one made, one merged, three refused into a file; mended; taken back, through a kill, to what was before"
    )
    func story() throws {
        let folder = try TemporaryFolder()
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        try admin.call(
            "field.create", #"{"entity":"account","name":"x_since","type":"date","label":"Since"}"#)
        for rest in [
            #"Acme","phone":"+48 22 1","website":"https://acme.example","x_since":"2020-01-01"#, "Twin",
            "Twin",
        ] {
            _ = try admin.create("account", #"{"account_name":"\#(rest)"}"#)
        }
        let before = try accounts(admin)
        try folder.write(Self.mapping, to: "m.json5")
        let rows = [
            "name,phone,site,since", "New,,,2026-01-31", "acme,+48 22 2,,2021-05-05", "Twin,+48 22 3,,",
            "Dated,,,31.01.2026", ",+48 22 4,,",
        ]
        try folder.write(rows.joined(separator: "\n") + "\n", to: "a.csv")
        func console(_ words: String...) throws -> TestProcess.Finished {
            try platform.run("crm-admin", words)
        }
        let (map, file, refused) = (
            folder.path("m.json5"), folder.path("a.csv"), folder.path("refused.csv")
        )
        let dry = try console("import", file, "--mapping", map, "--dry-run", "--csv")
        #expect(dry.output.contains("account,5,1,1,0,0,3,0"), "\(dry)")
        #expect(try accounts(admin) == before)
        let run = try console("import", file, "--mapping", map, "--rejects", refused, "--csv")
        #expect(run.code == 7 && run.output.contains("account,5,1,1,0,0,3,0"), "\(run)")
        let lines = try String(contentsOfFile: refused, encoding: .utf8).split(whereSeparator: \.isNewline)
        #expect(lines.first == "name,phone,site,since,line,reason" && lines.count == 4)
        #expect(
            lines.dropFirst().map { $0.split(separator: ",", omittingEmptySubsequences: false)[4] } == [
                "4", "5", "6",
            ])

        // Only the refused rows are mended and imported.
        try folder.write(
            String(contentsOfFile: refused, encoding: .utf8).replacing("31.01.2026", with: "2026-01-31"),
            to: "refused.csv")
        let again = try console("import", refused, "--mapping", map, "--csv")
        #expect(again.code == 7 && again.output.contains("account,3,1,0,0,0,2,0"), "\(again)")
        let list = try console("import", "list", "--csv", "--columns", "id,file,state,created,updated,failed")
        #expect(
            list.output.contains("2,refused.csv,finished,1,0,2")
                && list.output.contains("1,a.csv,finished,1,1,3"))

        // Another part of the way each time, and a power cut between.
        let first = try admin.call("import.undo", #"{"id":1,"limit":1}"#)
        #expect(try first.string("state") == "undoing")
        let killed = try platform.killKernel()
        try platform.waitForNewKernel(after: killed)
        let after = try platform.logIn()
        let undone = try console("import", "undo", "1", "2", "--yes")
        #expect(undone.code == 0, "\(undone)")
        #expect(try accounts(after) == before)
        let shown = try console("import", "show", "1", "--json")
        #expect(
            shown.output.contains(#""state":"undone""#) && shown.output.contains(#""undone_by":3"#),
            "\(shown)")
    }

    @Test(
        "the mapping for accounts and contacts: what a dry run foretells, where even the fields are not there, comes true"
    )
    func accountsAndContacts() throws {
        let folder = try TemporaryFolder()
        let platform = try TestPlatform()
        try folder.write(
            """
            id,name,website,phone,email,industry,type,employees,annual_revenue,rating,street,postal_code,city,country,\
            description,parent_id
            a1,Łódź Works,,+48 42 1,,Textile,Customer,12,100.00,hot,,,Łódź,PL,,a2
            a2,Mother AG,,,,Textile,Prospect,,,,,,Bern,CH,,
            a3,Orphan Ltd,,,,,Buyer,,,,,,,,,a9

            """, to: "accounts.csv")
        try folder.write(
            """
            id,first_name,last_name,title,account_id,email,phone,mobile,birth_date,lead_source,do_not_call,email_opt_out,\
            street,postal_code,city,country,description
            c1,Jan,Nowak,,a1,jan@example.com,,,1980-02-29,Fair,yes,no,,,,,
            c2,Eva,Lost,,a9,,,,,,no,no,,,,,
            c3,Ada,Free,,,,,,,,no,no,,,,,

            """, to: "contacts.csv")
        let mapping = "config/import/accounts-contacts.json5"
        let words = ["import", "--mapping", mapping, "--from", folder.url.path, "--csv"]
        let dry = try platform.run("crm-admin", words + ["--dry-run"])
        let counts = ["accounts,3,3,0,0,0,0,0", "parents,3,0,1,0,0,1,1", "contacts,3,2,0,0,0,1,0"]
        #expect(counts.allSatisfy(dry.output.contains), "\(dry)")
        let run = try platform.run("crm-admin", words)
        #expect(run.code == 7 && counts.allSatisfy(run.output.contains), "\(run)")
        let again = try platform.run("crm-admin", words)
        #expect(again.output.contains("accounts,3,0,0,3,0,0,0"), "\(again)")
    }

    /// All accounts with all that a person may write.
    private func accounts(_ caller: Caller) throws -> [String] {
        let list = try caller.call("record.list", #"{"entity":"account","sort":["id"],"limit":1000}"#)
        return try list.array("records").map { record in
            let whole = try caller.call("record.get", #"{"id":\#(try record.integer("id"))}"#)
            return whole.members.filter { !["version", "modified_at", "modified_by"].contains($0.0) }
                .map { "\($0.0)=\(String(decoding: $0.1.rawBytes, as: UTF8.self))" }.joined(separator: " ")
        }
    }
}

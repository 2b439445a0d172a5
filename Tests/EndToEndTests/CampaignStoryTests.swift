import JSON
import TestKit
import Testing

/// Records that belong together, from one batch to the last trace.
@Suite("End to end: a campaign and its people")
struct CampaignStoryTests {
    @Test(
        "a campaign is set up in one batch, gets its answers, loses a person for good, and the log still holds"
    )
    func story() throws {
        let platform = try TestPlatform()
        let admin = try platform.logIn()
        try platform.enable("marketing")

        // One batch: the account, two people at it, the campaign, and who is to be asked.
        let made = try admin.call(
            "batch.execute",
            #"""
            {"idempotency_key":"spring","operations":[
              {"method":"record.create","params":{"entity":"account","values":{"account_name":"Acme"}}},
              {"method":"record.create","params":{"entity":"contact","values":{"last_name":"Noor","account":{"$ref":"0.id"}}}},
              {"method":"record.create","params":{"entity":"contact","values":{"last_name":"Lin","account":{"$ref":"0.id"}}}},
              {"method":"record.create","params":{"entity":"campaign","values":{"campaign_name":"Spring","closing_date":"2027-05-01"}}},
              {"method":"record.link","params":{"id":{"$ref":"3.id"},"relation":"campaign_contact","to":{"$ref":"1.id"}}},
              {"method":"record.link","params":{"id":{"$ref":"3.id"},"relation":"campaign_contact","to":{"$ref":"2.id"}}}]}
            """#
        ).array("results")
        let ids = try made.prefix(4).map { try $0.integer("id") }
        let (acme, noor, lin, spring) = (ids[0], ids[1], ids[2], ids[3])

        // One of them answers; the lists of both sides say so.
        let answered = try admin.call(
            "record.link",
            #"{"id":\#(noor),"relation":"campaign_contact","to":\#(spring),"values":{"response_status":"contacted_successful"}}"#
        )
        #expect(answered["outcome"]?.string == "changed")
        let responses = try admin.call(
            "record.related",
            #"{"id":\#(spring),"relation":"campaign_contact","filter":["link.response_status","=","contacted_successful"],"fields":["last_name"]}"#
        ).array("records")
        #expect(responses.map { $0["last_name"]?.string } == ["Noor"])
        #expect(responses.first?["link"]?["response_status"]?.string == "contacted_successful")
        let people = try admin.call(
            "record.related", #"{"id":\#(acme),"relation":"contact","sort":["last_name"],"count":true}"#)
        #expect(try people.array("records").map { $0["last_name"]?.string } == ["Lin", "Noor"])
        #expect(people["total"]?.int64 == 2)

        // Deleted, Noor is out of sight; purged, gone, and the account she was at is told nothing.
        try admin.call("record.delete", #"{"id":\#(noor)}"#)
        let left = try platform.admin("record", "related", "\(spring)", "campaign_contact", "--json")
        #expect(left.code == 0 && left.output.contains("Lin") && !left.output.contains("Noor"), "\(left)")
        let tried = try platform.admin("record", "purge", "\(noor)", "--dry-run", "--json")
        #expect(tried.code == 0 && tried.output.contains(#""links""#), "\(tried)")
        let purged = try admin.call("record.purge", #"{"id":\#(noor)}"#)
        #expect(purged["links"]?.int64 == 1)
        #expect(try admin.refusal(of: "record.restore", #"{"id":\#(noor)}"#).code == -32003)
        let history = try admin.call("record.history", #"{"id":\#(spring)}"#).array("entries")
        #expect(history.map { $0["kind"]?.string } == ["create", "link", "link", "link"])
        #expect(history.map { $0["erased"]?.bool ?? false } == [false, true, false, true])
        let ended = try platform.admin("record", "unlink", "\(spring)", "campaign_contact", "\(lin)", "--yes")
        #expect(ended.code == 0, "\(ended)")
        #expect(try admin.call("log.verify")["intact"]?.bool == true)
    }
}

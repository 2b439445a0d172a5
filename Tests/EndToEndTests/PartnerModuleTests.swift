import Foundation
import JSON
import TestKit
import Testing

/// A partner's first day: a module made by `crm module new` outside the sources is built and tested by its own package,
/// enabled on the running kernel, used, and taken out again.
@Suite("End to end: a partner's module from outside the tree")
struct PartnerModuleTests {
    @Test("a new module builds, passes the conformance checks, runs, and leaves its data when it goes")
    func firstDay() throws {
        let folder = try TemporaryFolder()
        let package = folder.path("bike_rental")
        let made = try TestProcess.run(
            "\(BuildFolder.path)/crm", ["module", "new", "bike_rental", "--to", package])
        #expect(made.code == 0, "\(made)")
        let again = try TestProcess.run(
            "\(BuildFolder.path)/crm", ["module", "new", "bike_rental", "--to", package])
        #expect(again.code == 1 && again.errors.contains("is not empty"), "\(again)")

        // As the partner does it; the tests of the new package hold it to the conformance checks.
        let tested = try TestProcess.run(
            "/usr/bin/env", ["swift", "test", "--package-path", package],
            environment: ProcessInfo.processInfo.environment)
        try #require(tested.code == 0, "\(tested)")
        #expect((tested.output + tested.errors).contains("the module is what every module must be\" passed"))

        let platform = try TestPlatform()
        try platform.enable("\(package)/.build/debug/libBikeRentalModule.so")
        let admin = try platform.logIn()
        #expect(try admin.count("bike_rental_item") == 1, "the record that it ships")
        let item = try admin.create("bike_rental_item", #"{"item_name":"Tandem","quantity":"2"}"#)
        let noor = try admin.create("contact", #"{"last_name":"Noor"}"#)
        let lin = try admin.create("contact", #"{"last_name":"Lin"}"#)
        try admin.call("record.link", #"{"id":\#(noor),"relation":"bike_rental_people","to":\#(item)}"#)
        let people = try admin.call("record.related", #"{"id":\#(item),"relation":"bike_rental_people"}"#)
        #expect(try people.array("records").first?["link"]?["since"]?.string?.count == 10)
        try admin.call("record.update", #"{"id":\#(item),"values":{"status":"finished"}}"#)
        let late = try admin.refusal(
            of: "record.link", #"{"id":\#(item),"relation":"bike_rental_people","to":\#(lin)}"#)
        #expect(late.code == -32004, "\(late)")
        let refusal = try admin.refusal(
            of: "record.update", #"{"id":\#(item),"values":{"status":"new"}}"#)
        #expect(refusal.code == -32004, "\(refusal)")
        let summary = try admin.call("bike_rental.summary").array("statuses")
        #expect(try summary.map { try $0.integer("count") } == [1, 0, 1])

        // The library that was given may go: the kernel has its own copy.
        try FileManager.default.removeItem(atPath: package)
        try platform.restart()
        let later = try platform.logIn()
        #expect(try later.count("bike_rental_item") == 2)
        try later.call("module.disable", #"{"name":"bike_rental"}"#)
        #expect(try later.refusal(of: "record.count", #"{"entity":"bike_rental_item"}"#).code == -32602)
        #expect(try later.refusal(of: "bike_rental.summary").code == -32601)
        try later.call("module.enable", #"{"name":"bike_rental"}"#)
        #expect(try later.count("bike_rental_item") == 2)

        // And for good, once it is disabled.
        #expect(try later.refusal(of: "module.purge", #"{"name":"bike_rental"}"#).code == -32602)
        try later.call("module.disable", #"{"name":"bike_rental"}"#)
        let purge = try later.call("module.purge", #"{"name":"bike_rental"}"#)
        #expect(try purge.array("steps").contains { $0.string?.hasPrefix("remove 2 records") == true })
    }
}

import CRMSDK
import CRMSDKTesting
import Testing

@Suite("Documents and folders")
struct DocumentTests {
    let team: Team

    init() throws { team = try Team() }

    @Test("a document that names no folder lies in Default; so does one that is taken out of its folder")
    func standardFolder() throws {
        let standard = try #require(
            try team.context.list(ListRequest("folder", where: .where("is_default", .equal, true))).first)
        #expect(standard["folder_name"] == "Default")
        let document = try team.create("document", ["title": "Price list"])
        #expect(document["folder"] == .reference(standard.id))
        let folder = try team.create("folder", ["folder_name": "Prices"])
        let moved = try team.update(document, ["folder": .reference(folder.id)])
        #expect(moved["folder"] == .reference(folder.id))
        #expect(try team.update(moved, ["folder": .null])["folder"] == .reference(standard.id))
    }

    @Test("the default folder is made once, however often the migration runs")
    func migration() throws {
        for migration in try BuiltModule.load("collaboration").manifest.migrations {
            try migration.body(team.context)
        }
        #expect(try team.context.count("folder", where: nil) == 1)
    }

    @Test("a folder in use, and the default one, cannot be deleted; an empty one can")
    func deletion() throws {
        let folder = try team.create("folder", ["folder_name": "Prices"])
        let document = try team.create("document", ["title": "List", "folder": .reference(folder.id)])
        let error = refusal { try team.context.delete("folder", folder.id) }
        #expect(error?.message == "folder \"Prices\" cannot be deleted while 1 documents are in it")
        try team.context.delete("document", document.id)
        try team.context.delete("folder", folder.id)
        let standard = try #require(try team.context.list(ListRequest("folder")).first)
        #expect(refusal { try team.context.delete("folder", standard.id) }?.kind == .invalidRecord)
    }
}

import Foundation
import TestKit
import Testing

@testable import Supervisor

@Suite("Supervisor: the data folder")
struct DataFolderTests {
    private let temporary: TemporaryFolder
    private let folder: DataFolder

    init() throws {
        temporary = try TemporaryFolder()
        folder = DataFolder(path: temporary.path("data"))
    }

    private func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: folder.path + name)[.posixPermissions] as? Int
    }

    @Test("it is made with the modes that keep others out, whatever the mask")
    func make() throws {
        #expect(try folder.state() == .empty)
        try folder.begin()
        #expect(try folder.state() == .unfinished)
        try folder.finish()
        #expect(try folder.state() == .prepared)
        #expect(try mode("") == 0o700)
        #expect(try mode("/kernel") == 0o700)
        #expect(try mode("/endpoint") == 0o700)
        #expect(try mode("/run") == 0o710)
        try folder.check()
    }

    @Test("an empty folder that is there already, such as a volume, is used")
    func existing() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/lost+found", withIntermediateDirectories: true)
        #expect(try folder.state() == .empty)
        try folder.begin()
    }

    @Test("somebody else's folder is told from ours")
    func foreign() throws {
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try temporary.write("", to: "data/letter.txt")
        #expect(try folder.state() == .foreign)
    }

    @Test("a preparation that broke off is not begun again")
    func unfinished() throws {
        try folder.begin()
        #expect(throws: SupervisorError.self) { try folder.begin() }
    }

    @Test("a folder that others may enter is refused", arguments: [0o701, 0o710, 0o704, 0o755])
    func openToOthers(_ mode: Int) throws {
        try folder.begin()
        try folder.check()
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
        #expect(throws: SupervisorError.self) { try folder.check() }
    }

    @Test("a path is refused when a socket's name would not fit", arguments: [(107, true), (108, false)])
    func length(_ bytes: Int, _ fits: Bool) throws {
        let rest = bytes - "/run/endpoint.sock".utf8.count - temporary.path.utf8.count - 1
        let long = DataFolder(path: temporary.path(String(repeating: "d", count: rest)))
        if fits {
            try long.begin()
        } else {
            #expect(throws: SupervisorError.self) { try long.begin() }
        }
    }

    @Test("a relative path counts from the working folder")
    func relative() {
        let working = FileManager.default.currentDirectoryPath
        #expect(DataFolder(path: "./data").path == "\(working)/data")
        #expect(DataFolder(path: "data").path == "\(working)/data")
        #expect(DataFolder(path: "/srv/crm").path == "/srv/crm")
    }
}

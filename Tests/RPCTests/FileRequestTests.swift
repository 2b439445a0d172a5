import CRMSDK
import Testing

@testable import RPC

/// What a request about a file says, read without any file.
@Suite("Files: what is asked")
struct FileRequestTests {
    @Test(
        "the target is an id, and perhaps a field and a name",
        arguments: [
            ("17", "17 - -"), ("17?field=x_scan", "17 x_scan -"),
            ("17?name=Angebot%20M%C3%BCller.pdf", "17 - Angebot Müller.pdf"),
            ("17?name=a+b%2Bc&field=file", "17 file a+b+c"), ("17?", "17 - -"),
        ])
    func target(_ text: String, _ expected: String) throws {
        let target = try FileTarget(text)
        #expect("\(target.record) \(target.field ?? "-") \(target.name ?? "-")" == expected)
    }

    @Test(
        "what is no id is not found; what is no query is told",
        arguments: [
            ("", CRMError.Kind.notFound), ("x", .notFound), ("0", .notFound), ("-1", .notFound),
            ("1/2", .notFound),
            ("9007199254740992", .notFound), ("99999999999999999999", .notFound),
            ("1?nam=x", .invalidParameters),
            ("1?name=%2", .invalidParameters), ("1?name=a%+5", .invalidParameters),
            ("1?name=a%-5", .invalidParameters), ("1?name=%C3", .invalidParameters),
            ("1?name=a%2Fb", .invalidParameters),
            ("1?name=a%00", .invalidParameters), ("1?name=%E2%80%AEfdp.exe", .invalidParameters),
            ("1?name=..", .invalidParameters), ("1?name=", .invalidParameters),
            ("1?name=a&name=b", .invalidParameters),
        ])
    func refusedTarget(_ text: String, _ kind: CRMError.Kind) {
        let error = #expect(throws: CRMError.self) { try FileTarget(text) }
        #expect(error?.kind == kind)
    }

    @Test("a name has 255 characters and not one more")
    func nameLimit() throws {
        #expect(try FileTarget("1?name=" + String(repeating: "a", count: 255)).name?.count == 255)
        #expect(throws: CRMError.self) { try FileTarget("1?name=" + String(repeating: "a", count: 256)) }
    }

    @Test(
        "a range of a file of ten bytes",
        arguments: [
            ("", "whole"), ("bytes=0-3", "0+4"), ("bytes=5-", "5+5"), ("bytes=-3", "7+3"),
            ("bytes=-99", "0+10"),
            ("bytes=0-99", "0+10"), ("bytes=9-9", "9+1"), ("bytes=10-", "outside"), ("bytes=-0", "outside"),
            ("bytes=3-2", "whole"), ("bytes=0-1,3-4", "whole"), ("bytes=a-b", "whole"),
            ("lines=1-2", "whole"),
            ("bytes=-", "whole"), ("bytes=0-99999999999999999999", "whole"),
            ("bytes=99999999999999999999-", "whole"),
        ])
    func range(_ text: String, _ expected: String) {
        let reading =
            switch FileRange.read(text, of: 10) {
            case .whole: "whole"
            case .outside: "outside"
            case .part(let part): "\(part.start)+\(part.count)"
            }
        #expect(reading == expected)
    }

    @Test("an empty file has no range", arguments: ["bytes=0-", "bytes=-1", "bytes=0-0"])
    func emptyFile(_ text: String) { #expect(FileRange.read(text, of: 0) == .outside) }
}

@Suite("Files: their kind, and as what they are given out")
struct MediaTypeTests {
    static let pdf = Array("%PDF-1.7".utf8)

    @Test(
        "the kind is as declared, or by the first bytes where nothing useful is",
        arguments: [
            ("application/pdf", pdf, "application/pdf"), ("", pdf, "application/pdf"),
            ("application/octet-stream", pdf, "application/pdf"),
            ("Text/CSV; charset=utf-8", Array("a,b".utf8), "text/csv"),
            ("", Array("a,b\n".utf8), "text/plain"), ("", [0, 1, 2], "application/octet-stream"),
            ("", [], "application/octet-stream"),
            ("", Array(" <!DOCTYPE html>".utf8), "text/html"),
            ("", Array("<svg xmlns='x'>".utf8), "image/svg+xml"),
            ("", [0x50, 0x4B, 0x03, 0x04, 9], "application/zip"),
            (
                "application/vnd.oasis.opendocument.text", [0x50, 0x4B, 0x03, 0x04],
                "application/vnd.oasis.opendocument.text"
            ),
        ] as [(String, [UInt8], String)])
    func settled(_ declared: String, _ beginning: [UInt8], _ expected: String) throws {
        #expect(try MediaType.settle(declared, beginning) == expected)
    }

    @Test(
        "a file that is not what it is said to be is refused",
        arguments: [
            ("image/png", pdf), ("application/pdf", Array("<html>".utf8)), ("nonsense", pdf),
            ("a/b c/d", pdf), ("text/\u{7}", pdf),
        ] as [(String, [UInt8])])
    func refused(_ declared: String, _ beginning: [UInt8]) {
        let error = #expect(throws: CRMError.self) { try MediaType.settle(declared, beginning) }
        #expect(error?.rule == "media_type")
    }

    @Test(
        "what a browser would run is given out as bytes",
        arguments: [
            ("text/html", true), ("application/xhtml+xml", true), ("image/svg+xml", true), ("text/xml", true),
            ("text/javascript", true), ("application/pdf", false), ("image/png", false),
            ("text/plain", false),
        ])
    func answered(_ type: String, _ isHidden: Bool) {
        #expect(MediaType.answered(type) == (isHidden ? "application/octet-stream" : type))
    }

    @Test(
        "a name stands in a head in ASCII, and again as it is",
        arguments: [
            ("offer.pdf", "attachment; filename=\"offer.pdf\"; filename*=UTF-8''offer.pdf"),
            ("a \"b\";.txt", "attachment; filename=\"a _b__.txt\"; filename*=UTF-8''a%20%22b%22%3B.txt"),
            ("ü.pdf", "attachment; filename=\"_.pdf\"; filename*=UTF-8''%C3%BC.pdf"),
        ])
    func disposition(_ name: String, _ expected: String) {
        #expect(FileDisposition.attachment(name) == expected)
    }
}

import Foundation
import TestKit
import Testing

/// A printed document in a real browser.
@Suite("End to end: a document on paper")
struct PrintedPageTests {
    /// Where the system has a browser; `script/bootstrap --tests` installs one where apt has it.
    private static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    private static let reader = ["/usr/bin/pdftotext"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test("a link shows the page to a browser, for as long as its maker could print it")
    func link() throws {
        let platform = try TestPlatform()
        try platform.enable("inventory")
        let admin = try platform.logIn()
        let account = try admin.create("account", #"{"account_name":"Fabrikam"}"#)
        let template = #""for_entity":"account","body":"<h1>{{account_name}}</h1>""#
        _ = try admin.create("print_template", #"{"template_name":"Card",\#(template)}"#)
        let made = try admin.call("print.link", #"{"entity":"account","id":\#(account)}"#)
        let path = try made.string("path")
        let anyone = Caller(platform)
        let page = try anyone.get(path)
        #expect(page.status == 200 && page.text.contains("<h1>Fabrikam</h1>"), "\(page)")
        let refused = try admin.refusal(of: "print.link", #"{"entity":"account","id":99999}"#)
        #expect(refused.code == -32003, "\(refused)")
        for wrong in [
            "/print/", "/print/\(String(repeating: "A", count: 43))",
            "/print/\(String(repeating: "A", count: 65))",
        ] {
            #expect(try anyone.get(wrong).status == 404)
        }
        // Fetched again it is printed again; once the record is in the bin there is nothing to print.
        try admin.call("record.delete", #"{"id":\#(account)}"#)
        #expect(try anyone.get(path).status == 404)
        try admin.call("record.restore", #"{"id":\#(account)}"#)
        #expect(try anyone.get(path).status == 200)
        try admin.call("auth.logout", "{}")
        #expect(try anyone.get(path).status == 404)
    }

    @Test(
        "an invoice of three pages, in Latin, Hebrew and Japanese, comes out whole",
        .enabled(if: browser != nil && reader != nil, "needs chromium and pdftotext"))
    func paper() throws {
        let platform = try TestPlatform()
        try platform.enable("inventory")
        let admin = try platform.logIn()
        let currency = try admin.call("record.list", #"{"entity":"currency"}"#).array("records")[0].integer(
            "id")
        let account = try admin.create(
            "account", #"{"account_name":"מפעלי הצפון","billing_street":"רחוב הרצל 5","billing_city":"東京"}"#)
        let products = try (1...45).map {
            try admin.create("product", #"{"product_name":"Śruba \#($0) 東京","unit_price":"\#($0).99"}"#)
        }
        let lines = products.map { #"{"item":\#($0),"quantity":"2.5"}"# }.joined(separator: ",")
        let invoice = try admin.create(
            "invoice",
            #"{"subject":"Parts","account":\#(account),"currency":\#(currency),"invoice_status":"sent","lines":[\#(lines)]}"#
        )
        let page = platform.folder.path("invoice.html")
        let printed = try platform.admin("print", "invoice", "\(invoice)", "--to", page)
        #expect(printed.code == 0, "\(printed)")
        let again = try platform.admin("print", "invoice", "\(invoice)", "--to", page)
        #expect(again.code != 0 && again.errors.contains("--overwrite"), "\(again)")

        let text = try paper(page, in: platform.folder)
        // A PDF has no words: where glyphs stand apart, spaces come and go.
        let pages = text.split(separator: "\u{0C}").map { $0.filter { !$0.isWhitespace } }
        #expect(pages.count == 3, "\(pages.count) pages")
        for (index, page) in pages.enumerated() {
            #expect(page.contains("\(index + 1)/3"), "page \(index + 1)")
        }
        // The head of the table stands on every page; the totals stay together on the last.
        #expect(pages.allSatisfy { $0.contains("QUANTITY") })
        let (first, last) = (try #require(pages.first), try #require(pages.last))
        #expect(first.contains("INV00001") && first.contains("מפעלי"))
        #expect(first.contains("Śruba1東京") && last.contains("Śruba45東京"), "\(last)")
        #expect(last.contains("Subtotal") && last.contains("2,699.10"))
    }

    /// Prints a page to PDF and reads its text, pages ending in form feeds.
    private func paper(_ page: String, in folder: TemporaryFolder) throws -> String {
        let (browser, reader) = (try #require(Self.browser), try #require(Self.reader))
        let file = folder.path("page.pdf")
        let environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path]
        let run = try TestProcess.run(
            browser,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=\(folder.path("browser"))",
                "--no-pdf-header-footer", "--print-to-pdf=\(file)", "file://\(page)",
            ], environment: environment)
        try #require(FileManager.default.fileExists(atPath: file), "\(run)")
        return try TestProcess.run(reader, ["-layout", file, "-"], environment: environment).output
    }
}

import Printing

/// What stands around a template's body: the head, the paper, and the styles that all documents share.
///
/// The browser repeats a table's head on every page, keeps rows whole, and numbers the pages in the margin.
enum PageFrame {
    static func html(title: String, _ language: String, paper: String, _ body: String) -> String {
        let size = paper == "letter" ? "letter" : "A4"
        return """
            <!doctype html>
            <html lang="\(PrintTemplate.escaped(language))" dir="\(isRightToLeft(language) ? "rtl" : "ltr")">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width">
            <title>\(PrintTemplate.escaped(title))</title>
            <style>@page { size: \(size); }
            \(style)</style>
            </head>
            <body>
            \(body)
            </body>
            </html>

            """
    }

    private static func isRightToLeft(_ language: String) -> Bool {
        ["ar", "he", "fa", "ur", "yi"].contains(language.prefix { $0 != "-" && $0 != "_" }.lowercased())
    }

    private static let style = """
        @page { margin: 18mm 18mm 20mm;
          @bottom-right { content: counter(page) " / " counter(pages); font: 9pt sans-serif; color: #667; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 174mm; color: #1c2330; background: #fff;
          font: 10pt/1.45 "Noto Sans", "DejaVu Sans", "Noto Sans CJK JP", "Noto Sans Hebrew", "Noto Sans Arabic", sans-serif; }
        @media screen { body { padding: 12mm 0; } }
        h1 { font-size: 20pt; font-weight: 600; margin: 0; letter-spacing: -0.01em; }
        p { margin: 0 0 2mm; }
        .letterhead { display: flex; justify-content: space-between; align-items: flex-start;
          border-bottom: 0.6mm solid #1c2330; padding-bottom: 5mm; margin-bottom: 8mm; }
        .letterhead img { max-height: 18mm; max-width: 70mm; }
        .letterhead .name { font-size: 14pt; font-weight: 600; }
        address { font-style: normal; }
        .small { font-size: 8.5pt; color: #556; }
        .parties { display: flex; gap: 10mm; margin: 8mm 0; }
        .parties > div { flex: 1; }
        .caption { font-size: 8pt; text-transform: uppercase; letter-spacing: 0.06em; color: #667; margin-bottom: 1mm; }
        .address { white-space: pre-line; }
        dl.facts { display: grid; grid-template-columns: auto 1fr; gap: 0.6mm 5mm; margin: 0; }
        dl.facts dt { color: #667; } dl.facts dd { margin: 0; text-align: end; }
        table { width: 100%; border-collapse: collapse; }
        thead { display: table-header-group; }
        tr { break-inside: avoid; }
        th { text-align: start; font-size: 8pt; text-transform: uppercase; letter-spacing: 0.04em; color: #667;
          border-bottom: 0.3mm solid #1c2330; padding: 1.5mm 2mm; }
        td { padding: 2mm; border-bottom: 0.15mm solid #d5d9e0; vertical-align: top; }
        .amount { text-align: end; white-space: nowrap; font-variant-numeric: tabular-nums; }
        .totals { break-inside: avoid; width: 85mm; margin: 4mm 0 8mm auto; }
        .totals td { border: 0; padding: 0.8mm 2mm; }
        .totals .grand td { border-top: 0.4mm solid #1c2330; font-size: 12pt; font-weight: 600; padding-top: 2mm; }
        .terms { white-space: pre-line; break-inside: avoid; border-top: 0.15mm solid #d5d9e0; padding-top: 3mm; }
        .draft { position: fixed; top: 40%; left: 0; right: 0; text-align: center; font-size: 80pt; font-weight: 700;
          color: #1c2330; opacity: 0.07; transform: rotate(-30deg); z-index: -1; }

        """
}

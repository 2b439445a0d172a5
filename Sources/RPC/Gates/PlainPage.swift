/// Pages of the kernel's own for forms, where no form can say anything: the same words for everyone.
enum PlainPage {
    static let thanks = page("Thank you", "We have received what you sent.")
    static let missing = page("Not found", "There is no form at this address.")
    static let unreadable = page("Not understood", "What was sent is no form.")
    static let tooMany = page("Too many", "That was too often. Please try again later.")
    static let unavailable = page("Not now", "This could not be taken now. Please try again later.")

    private static func page(_ title: String, _ text: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title)</title><style>body{font:1rem/1.5 system-ui,sans-serif;margin:3rem auto;max-width:40rem;padding:0 1rem}\
        </style></head><body><main><h1>\(title)</h1><p>\(text)</p></main></body></html>

        """
    }
}

import HTTP
import Wire

/// Public forms: a request about one goes to the kernel with what its head says of where it came from; the page that
/// comes back says where it may lead.
extension EventLoop {
    /// What a request about a form is to the kernel.
    func formCall(_ target: String, isSent: Bool, _ request: HTTPRequest) -> [UInt8] {
        var form = FormCall(target: target, isSent: isSent)
        form.origin = text(request, "origin")
        form.referer = text(request, "referer")
        form.host = text(request, "host")
        if isSent { form.body = request.body }
        return form.encode()
    }

    /// A page with a form: no script, nothing from elsewhere, in nobody's frame, and its form goes to this server. Some
    /// browsers hold the redirection that follows to the same rule, so that the origin it leads to is named.
    static func formPolicy(leadsTo origin: String) -> String {
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'"
            + (origin.isEmpty ? "" : " \(origin)") + "; frame-ancestors 'none'"
    }
}

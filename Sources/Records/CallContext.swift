package import CRMSDK
package import Security

/// One call: who, from where, by which method, until when.
package struct CallContext: Sendable {
    package let principal: Principal
    package let source: CallSource
    /// The method, as the change log names it.
    package let method: String
    /// Answered with errors and written to the log, so that both can be found.
    package let requestID: String
    package let deadline: ContinuousClock.Instant?
    /// IANA name.
    package let timeZone: String
    /// BCP 47.
    package let language: String

    package init(
        principal: Principal, source: CallSource, method: String, requestID: String,
        deadline: ContinuousClock.Instant? = nil, timeZone: String = "UTC", language: String = "en"
    ) {
        self.principal = principal
        self.source = source
        self.method = method
        self.requestID = requestID
        self.deadline = deadline
        self.timeZone = timeZone
        self.language = language
    }

    /// The same call as the change log is to name it where it is a part of another.
    func named(_ method: String) -> CallContext {
        CallContext(
            principal: principal, source: source, method: method, requestID: requestID, deadline: deadline,
            timeZone: timeZone, language: language)
    }

    /// The same call under other rights.
    package func acting(as principal: Principal) -> CallContext {
        CallContext(
            principal: principal, source: source, method: method, requestID: requestID, deadline: deadline,
            timeZone: timeZone, language: language)
    }
}

/// From where a call came. Becomes the `origin` of the records that it makes.
package struct CallSource: Hashable, Sendable {
    /// As the change log writes it.
    package let name: String
    /// A value of the system field `origin`.
    package let origin: String

    init(_ name: String, origin: String) {
        self.name = name
        self.origin = origin
    }

    package static let api = Self("api", origin: "api")
    package static let console = Self("console", origin: "console")
    package static let `import` = Self("import", origin: "import")
    package static let system = Self("system", origin: "system")
    /// Somebody without an account, through a gate: a record of an entity.
    package static func gate(_ entity: String, _ id: RecordID) -> Self {
        Self("\(gatePrefix)\(entity):\(id)", origin: "web_form")
    }
    /// How the names of gates begin: `gate:web_form:17`.
    static let gatePrefix = "gate:"
    package static func job(_ name: String) -> Self { Self("job:\(name)", origin: "workflow") }
}

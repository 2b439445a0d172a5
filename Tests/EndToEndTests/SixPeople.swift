import JSON
import TestKit

/// Acme as a data set for tests of rights: six people of different rights, known by API keys, and three accounts.
///
/// North and South are sales teams under one manager; the desk reads what North owns, without the revenue; the auditor
/// reads everything and changes nothing. Accounts are private.
struct SixPeople {
    let platform: TestPlatform
    let root: Caller
    /// By user name: mara, nora, sid, tess, audra.
    private(set) var callers: [String: Caller] = [:]
    private(set) var users: [String: Int64] = [:]
    private(set) var roles: [String: Int64] = [:]
    private(set) var profiles: [String: Int64] = [:]
    /// By name: Northern, Southern, Common.
    private(set) var accounts: [String: Int64] = [:]
    private(set) var contact: Int64 = 0

    init(_ platform: TestPlatform) throws {
        self.platform = platform
        root = try platform.logIn()
        for profile in try root.call("profile.list").array("profiles") {
            profiles[try profile.string("name")] = try profile.integer("id")
        }
        func make(_ method: String, _ params: String) throws -> Int64 {
            try root.call(method, params).integer("id")
        }
        profiles["Desk"] = try make(
            "profile.create", #"{"name":"Desk","copy_of":\#(profiles["Support"] ?? 0)}"#)
        profiles["Audit"] = try make("profile.create", #"{"name":"Audit","view_all":true}"#)
        let top = try root.call("role.list").array("roles")[0].integer("id")
        for (name, above, profile) in [
            ("Manager", "", "Sales"), ("North", "Manager", "Sales"), ("South", "Manager", "Sales"),
            ("Desk", "", "Desk"), ("Auditors", "", "Audit"),
        ] {
            roles[name] = try make(
                "role.create",
                #"{"name":"\#(name)","reports_to":\#(roles[above] ?? top),"profiles":[\#(profiles[profile] ?? 0)]}"#
            )
        }
        for (name, role) in [
            ("mara", "Manager"), ("nora", "North"), ("sid", "South"), ("tess", "Desk"), ("audra", "Auditors"),
        ] {
            let id = try root.create(
                "user", #"{"username":"\#(name)","last_name":"Plain","role":\#(roles[role] ?? 0)}"#)
            let key = try root.call("api_key.create", #"{"name":"tests","user":\#(id)}"#)
            users[name] = id
            callers[name] = Caller(platform, token: try key.string("token"))
        }
        try root.call("sharing.set_default", #"{"entity":"account","sharing":"private"}"#)
        let rule = #"{"entity":"account","from":{"kind":"role","id":\#(roles["North"] ?? 0)},"#
        try root.call(
            "sharing.create_rule",
            rule + #""to":{"kind":"role","id":\#(roles["Desk"] ?? 0)},"permission":"read"}"#)
        try root.call(
            "field_access.set",
            #"{"entity":"account","field":"annual_revenue","profile":\#(profiles["Desk"] ?? 0),"visible":false}"#
        )
        let both = try make(
            "group.create",
            #"{"name":"Both","members":[{"kind":"user","id":\#(users["nora"] ?? 0)},"#
                + #"{"kind":"role","id":\#(roles["South"] ?? 0)}]}"#)
        for (name, owner, revenue) in [
            ("Northern", users["nora"] ?? 0, "100.00"), ("Southern", users["sid"] ?? 0, "200.00"),
            ("Common", both, "300.00"),
        ] {
            accounts[name] = try root.create(
                "account", #"{"account_name":"\#(name)","annual_revenue":"\#(revenue)","owner":\#(owner)}"#)
        }
        contact = try root.create(
            "contact",
            #"{"last_name":"Nyberg","account":\#(accounts["Northern"] ?? 0),"owner":\#(users["nora"] ?? 0)}"#)
    }

    func caller(_ name: String) throws -> Caller {
        if name == "root" { return root }
        guard let caller = callers[name] else { throw platform.failure("nobody is called \(name)") }
        return caller
    }
}

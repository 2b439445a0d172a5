import Admin
import JSON
import Testing

/// What the commands about users, roles, profiles, groups and sharing send, and what they make of the answers.
@Suite("Commands: rights")
struct RightsCommandTests {
    private static let roles = """
        {"roles":[{"id":1,"name":"Organisation","reports_to":null,"profiles":[{"id":20,"name":"Guest"}],"users":[]},
        {"id":5,"name":"Sales","reports_to":{"id":1,"name":"Organisation"},"profiles":[],"users":[{"id":9,"name":"anna"}]},
        {"id":6,"name":"North","reports_to":{"id":5,"name":"Sales"},"profiles":[],"users":[]},
        {"id":7,"name":"Desk","reports_to":{"id":1,"name":"Organisation"},"profiles":[],"users":[]}]}
        """

    private static let profiles = """
        {"profiles":[{"id":20,"name":"Guest","view_all":false,"edit_all":false,"rights":[{"entity":"account","access":true,
        "verbs":["convert_lead","edit","view"]},{"entity":"*","access":false,"verbs":[]}],
        "fields":[{"entity":"account","field":"phone","visible":false,"read_only":true},
        {"entity":"lead","field":"email","visible":true,"read_only":true}]}]}
        """

    private func driver() -> ConsoleDriver {
        let kernel = FakeKernel.withSales()
        kernel.fields["profile"] = [.init(name: "profile_name", type: "text")]
        kernel.fields["group"] = [.init(name: "group_name", type: "text")]
        kernel.records["role"] = [
            1: ["role_name": "\"Organisation\""], 5: ["role_name": "\"Sales\""],
            6: ["role_name": "\"North\""], 7: ["role_name": "\"Desk\""],
        ]
        kernel.records["profile"] = [20: ["profile_name": "\"Guest\""], 21: ["profile_name": "\"Support\""]]
        kernel.records["group"] = [30: ["group_name": "\"Hub\""], 31: ["group_name": "\"12\""]]
        kernel.records["user"] = [9: ["username": "\"anna\""]]
        kernel.answers = ["role.list": [Self.roles], "profile.list": [Self.profiles]]
        let changing = [
            "role.create", "role.update", "role.delete", "profile.create", "profile.update", "profile.grant",
            "profile.revoke", "profile.delete", "group.create", "group.add_member", "group.remove_member",
            "group.delete", "sharing.set_default", "sharing.create_rule", "sharing.delete_rule",
            "field_access.set", "user.set_role", "security.explain",
        ]
        for method in changing { kernel.answers[method] = [#"{"id":77,"warnings":[]}"#] }
        return ConsoleDriver(kernel)
    }

    struct Sent: Sendable, CustomTestStringConvertible {
        let line: String
        let method: String
        let params: String
        var testDescription: String { line }
    }

    @Test(
        "names are taken where ids are, and each command says one thing",
        arguments: [
            Sent(
                line: "role create South --under Sales --profiles Guest,21", method: "role.create",
                params: #"{"name":"South","reports_to":5,"profiles":[20,21]}"#),
            Sent(
                line: "role create Board", method: "role.create",
                params: #"{"name":"Board","reports_to":1}"#),
            Sent(
                line: "role move North Desk --dry-run", method: "role.update",
                params: #"{"dry_run":true,"id":6,"reports_to":7}"#),
            Sent(
                line: "role delete North --replacement Sales --yes", method: "role.delete",
                params: #"{"id":6,"replacement":5}"#),
            Sent(
                line: "profile create Audit --from Guest --view-all yes", method: "profile.create",
                params: #"{"name":"Audit","copy_of":20,"view_all":true}"#),
            Sent(
                line: "profile grant Guest account create edit", method: "profile.grant",
                params: #"{"id":20,"entity":"account","verbs":["create","edit"]}"#),
            Sent(
                line: "profile revoke Guest lead", method: "profile.revoke",
                params: #"{"id":20,"entity":"lead"}"#),
            Sent(
                line: "group create Team user:anna role:Sales role_and_subordinates:Sales group:Hub",
                method: "group.create",
                params: #"{"name":"Team","members":[{"kind":"user","id":9},{"kind":"role","id":5},"#
                    + #"{"kind":"role_and_subordinates","id":5},{"kind":"group","id":30}]}"#),
            Sent(
                line: "group delete Hub --replacement anna --yes", method: "group.delete",
                params: #"{"id":30,"replacement":9}"#),
            Sent(
                line: "sharing set account private --related", method: "sharing.set_default",
                params: #"{"entity":"account","sharing":"private","related":true}"#),
            Sent(
                line: "sharing add-rule account role:Sales group:Hub read --related potential=read_write",
                method: "sharing.create_rule",
                params: #"{"entity":"account","from":{"kind":"role","id":5},"to":{"kind":"group","id":30},"#
                    + #""permission":"read","related":[{"entity":"potential","permission":"read_write"}]}"#),
            Sent(
                line: "field-access set account phone read_only --profile Guest", method: "field_access.set",
                params: #"{"entity":"account","field":"phone","visible":true,"profile":20,"read_only":true}"#),
            Sent(
                line: "field-access set account phone hidden", method: "field_access.set",
                params: #"{"entity":"account","field":"phone","visible":false}"#),
            Sent(
                line: "user set-role anna Desk", method: "user.set_role", params: #"{"id":9,"role":7}"#),
        ])
    func sent(_ sent: Sent) throws {
        let driver = driver()
        let code = driver.run(try WordSplitter.words(of: sent.line))
        #expect(code == .done, "\(driver.streams.errors)")
        #expect(driver.kernel.calls.last { $0.method == sent.method }?.params == sent.params)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let line: String
        let message: String
        let hint: String
        var testDescription: String { line }
    }

    @Test(
        "what is misspelt or missing is refused with what was meant, and nothing is sent",
        arguments: [
            Refused(
                line: "role move Nort Desk", message: "role \"Nort\" does not exist",
                hint: "Did you mean \"North\"?"),
            Refused(
                line: "user set-role ana Desk", message: "user \"ana\" does not exist",
                hint: "Did you mean \"anna\"?"),
            Refused(
                line: "profile show Gest", message: "profile \"Gest\" does not exist",
                hint: "Did you mean \"Guest\"?"),
            Refused(
                line: "role delete North --yes", message: "role delete lacks --replacement",
                hint: "Name the role"),
            Refused(
                line: "role delete North --replacement Sales",
                message: "role delete asks first, and nobody can be asked here", hint: "Add --yes"),
            Refused(
                line: "group add Hub usr:anna", message: "\"usr\" cannot stand before \"anna\"",
                hint: "Did you mean \"user\"?"),
            Refused(
                line: "group add Hub anna", message: "\"anna\" does not say what it names",
                hint: "Give one of user:NAME, role:NAME"),
            Refused(
                line: "sharing add-rule account user:anna group:Hub read",
                message: "\"user\" cannot stand before \"anna\"", hint: "Give one of role:NAME"),
            Refused(
                line: "sharing set account privat", message: "there is no default \"privat\"",
                hint: "Give one of private"),
            Refused(
                line: "field-access set account phone hiden", message: "a field cannot be \"hiden\"",
                hint: "Did you mean \"hidden\"?"),
            Refused(
                line: "field-access set account phone read_only",
                message: "the organisation's switch knows visible and hidden only", hint: "Add --profile"),
            Refused(
                line: "profile update Guest --view-all maybe",
                message: "--view-all must be yes or no, not \"maybe\"", hint: ""),
            Refused(
                line: "security what-if", message: "security what-if lacks CHANGE", hint: "Give a command"),
            Refused(
                line: "security what-if 'record delete 5'",
                message: "record.delete changes no rights", hint: "What would happen"),
            Refused(
                line: "security what-if 'role list'", message: "\"role list\" changes no rights",
                hint: "Give a command"),
        ])
    func refused(_ refused: Refused) throws {
        let driver = driver()
        let code = driver.run(try WordSplitter.words(of: refused.line))
        #expect(code != .done)
        let lines = driver.streams.errors.split(separator: "\n").map(String.init)
        #expect(lines.first == "error: \(refused.message)")
        #expect(refused.hint.isEmpty || lines.last?.hasPrefix("hint: \(refused.hint)") == true, "\(lines)")
        let changes = driver.kernel.calls.filter { call in
            !call.method.hasSuffix(".list") && call.method != "entity.describe"
        }
        #expect(changes.isEmpty, "\(changes)")
    }

    @Test("what-if takes commands as they are typed, and does none of them")
    func whatIf() {
        let driver = driver()
        driver.kernel.answers["security.what_if"] = [
            #"{"differences":[{"user":{"id":9,"username":"anna"},"entity":"account","action":"view","#
                + #""gains":{"count":0,"examples":[]},"loses":{"count":2,"examples":[{"id":4,"label":"Acme"}]}}],"#
                + #""warnings":[],"partial":true}"#
        ]
        let code = driver.run(
            "security", "what-if", "sharing set account private", "group add Hub user:anna",
            "role delete North --replacement Sales")
        #expect(code == .done, "\(driver.streams.errors)")
        let sent = driver.kernel.calls.last { $0.method == "security.what_if" }?.params
        #expect(
            sent
                == #"{"changes":[{"method":"sharing.set_default","params":{"entity":"account","sharing":"private"}},"#
                + #"{"method":"group.add_member","params":{"id":30,"member":{"kind":"user","id":9}}},"#
                + #"{"method":"role.delete","params":{"id":6,"replacement":5}}]}"#)
        #expect(!driver.kernel.calls.contains { $0.method == "sharing.set_default" })
        #expect(
            driver.streams.output
                == "user\tentity\taction\tgains\tloses\tfor_example\nanna\taccount\tview\t0\t2\t−Acme\n")
        #expect(driver.streams.errors == "there is more than was counted\n")
    }

    @Test("a rule that does nothing is made, and the console says why")
    func warning() {
        let driver = driver()
        driver.kernel.answers["sharing.create_rule"] = [
            #"{"id":80,"warnings":[{"code":"inert","message":"the default of account is wider than the rule"}]}"#
        ]
        let code = driver.run("sharing", "add-rule", "account", "role:Sales", "group:Hub", "read")
        #expect(code == .done)
        #expect(driver.streams.output == "id\n80\n", "a program takes the id")
        #expect(
            driver.streams.errors
                == "rule on account made\nwarning: the default of account is wider than the rule\n")
    }

    @Test("the tree of roles is drawn for people, and is a table with the role above for programs")
    func tree() {
        let driver = driver()
        driver.streams.isOutputTerminal = true
        driver.run("role", "list")
        let names = driver.streams.output.split(separator: "\n").map(String.init)
        #expect(names.contains { $0.hasPrefix("Organisation") })
        #expect(names.contains { $0.hasPrefix("├─ Desk") })
        #expect(names.contains { $0.hasPrefix("└─ Sales") })
        #expect(names.contains { $0.hasPrefix("   └─ North") })
        let piped = self.driver()
        piped.run("role", "list")
        #expect(piped.streams.output.contains("North\t6\tSales\t\t0\n"))
    }

    @Test("a profile is a matrix of entity by action, with the fields that it restricts")
    func matrix() {
        let driver = driver()
        driver.run("profile", "show", "Guest")
        #expect(
            driver.streams.output == """
                entity\taccess\tview\tcreate\tedit\tdelete\timport\texport\tmore\tfields
                account\tyes\tyes\t-\tyes\t-\t-\t-\tconvert_lead\tphone: hidden
                *\tno\t-\t-\t-\t-\t-\t-\t\t
                lead\tas *\t\t\t\t\t\t\t\temail: read-only

                """)
    }

    @Test("an explanation reads from the answer to the cure")
    func explain() {
        let driver = driver()
        driver.streams.isOutputTerminal = true
        driver.kernel.answers["security.explain"] = [
            #"{"allowed":false,"decided_by":"no grant","step":14,"message":"view on account is refused","#
                + #""steps":[{"step":1,"title":"the caller is an active user","answer":"passed"},"#
                + #"{"step":14,"title":"nothing allowed it","answer":"refused"}],"field":null,"#
                + #""remedies":["a sharing rule on account"]}"#
        ]
        driver.run("security", "explain", "anna", "view", "17")
        #expect(
            driver.kernel.calls.last?.params == #"{"user":9,"action":"view","id":17}"#)
        #expect(
            driver.streams.output == """
                refused: anna: view on account is refused

                steps tried:
                   1  the caller is an active user
                  14  nothing allowed it  ← refused

                would allow it:
                  a sharing rule on account

                """)
    }
}

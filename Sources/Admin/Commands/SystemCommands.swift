/// The platform itself, and who asks.
enum SystemCommands {
    static let all: [Command] = [
        Command("status", nil, .reads, "what the kernel says of itself") { run throws(AdminError) in
            run.printObject(try run.call("system.status"))
        },
        Command("whoami", nil, .reads, "who this program is to the kernel") { run throws(AdminError) in
            run.printObject(
                try run.call("auth.whoami"), columns: ["user.username", "user.id", "user.is_admin", "by"])
        },
    ]
}

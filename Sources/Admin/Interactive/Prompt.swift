import JSON

/// The interactive mode: reads a line, runs it, until it is told to leave. An error ends a command, not the session.
package struct Prompt {
    private let session: Session

    package init(_ session: Session) { self.session = session }

    package func run() -> ExitCode {
        let who: String
        do {
            let caller = try session.client().call("auth.whoami")
            who = caller["user"]?["username"]?.string ?? "nobody"
        } catch {
            return session.report(error)
        }
        session.streams.writeError("\\? for help, \\q to leave\n")
        var history = History(environment: session.environment)
        defer { history.save() }
        let input = LineInput(streams: session.streams, completion: Completion(names()))
        while true {
            let place = (try? session.client().place) ?? "?"
            switch input.readLine(prompt: "\(who)@\(Self.short(place))> ", history: history.lines) {
            case .end: return .done
            case .cancelled: continue
            case .line(let line):
                history.append(line)
                if run(line) == .left { return .done }
            }
            _ = session.streams.takeInterrupt()
        }
    }

    private enum Step { case goesOn, left }

    private func run(_ line: String) -> Step {
        do {
            let words = try WordSplitter.words(of: line.hasPrefix("\\") ? "\\" + line : line)
            guard !words.isEmpty else { return .goesOn }
            switch try MetaCommand(words) {
            case .quit: return .left
            case .help: session.streams.write(MetaCommand.page + "\n")
            case .expanded:
                session.isExpanded.toggle()
                session.streams.writeError(session.isExpanded ? "one line for each field\n" : "tables\n")
            case .describe(nil): _ = CommandRunner(session).run(["entity", "list"])
            case .describe(let entity?): _ = CommandRunner(session).run(["entity", "describe", entity])
            case nil: _ = CommandRunner(session).run(words)
            }
        } catch {
            _ = session.report(error)
        }
        return .goesOn
    }

    /// The last part of a path is enough to know where one is.
    static func short(_ place: String) -> String {
        guard !place.contains(":") else { return place }
        let parts = place.split(separator: "/")
        return parts.last.map(String.init) ?? place
    }

    /// Completion never complains: what cannot be asked has no words.
    private func names() -> Completion.Names {
        var names = Completion.Names()
        let session = session
        names.entities = { (try? session.entities().entityNames()) ?? [] }
        names.fields = { entity in (try? session.entities().fields(of: entity).keys.sorted()) ?? [] }
        names.values = { entity, field in
            (try? session.entities().fields(of: entity)[field]?.values) ?? []
        }
        names.modules = {
            let list = try? session.client().call("module.list")
            return list?["modules"]?.elements.compactMap { $0["name"]?.string } ?? []
        }
        names.users = { (try? NamedRecords.names(of: "user", session)) ?? [] }
        names.roles = { (try? NamedRecords.names(of: "role", session)) ?? [] }
        names.profiles = { (try? NamedRecords.names(of: "profile", session)) ?? [] }
        names.groups = { (try? NamedRecords.names(of: "group", session)) ?? [] }
        return names
    }
}

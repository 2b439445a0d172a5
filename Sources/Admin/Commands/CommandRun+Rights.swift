import JSON

/// What the commands about rights share.
extension CommandRun {
    /// Changes rights, prints what came of it, and says on stderr why it does less than it says.
    func changeRights(_ method: String, _ parameters: Parameters, _ done: String) throws(AdminError) {
        let result = try call(method, parameters)
        switch output.format {
        // A person knows by the name what was changed; a program takes the id.
        case .table, .expanded: break
        case .tsv, .csv: if result["id"]?.isNull == false { printObject(result, columns: ["id"]) }
        case .json, .jsonl: printObject(result)
        }
        say(done)
        for warning in result["warnings"]?.elements ?? JSONNode.noElements {
            session.streams.writeError("warning: \(warning["message"]?.string ?? "")\n")
        }
    }

    /// Parameters of a write about one named record.
    func writeParameters(about entity: String) throws(AdminError) -> Parameters {
        var parameters = writeParameters
        try parameters.set("id", entity, named: try required(0), session)
        return parameters
    }

    /// The one of a list that an operand names.
    func fact(_ entity: String, _ method: String, _ member: String) throws(AdminError) -> JSONNode {
        let word = try required(0)
        let all = try call(method)[member].map { Array($0.elements) } ?? []
        if let found = all.first(where: { $0["name"]?.string == word || $0["id"]?.numberText == word }) {
            return found
        }
        // Says which name was perhaps meant.
        let id = try NamedRecords.id(of: entity, word, session)
        throw AdminError("\(entity) \(id) does not exist", exit: .notFound)
    }

    /// The `name` members of an array, by commas.
    static func names(_ node: JSONNode?) -> String {
        (node?.elements.compactMap { $0["name"]?.string } ?? []).joined(separator: ", ")
    }
}

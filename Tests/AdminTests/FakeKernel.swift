import Admin
import JSON

/// A kernel of a few entities in memory: enough of `entity.describe`, `field.create`, `record.*` and `import.rows` to run the
/// console against it. Other methods answer what `answers` says.
final class FakeKernel: RPCClient {
    struct Field {
        var name: String
        var type: String
        var targets: [String] = []
        var values: [String] = []
        var isMandatory = false
        /// What the lines of a field of lines take.
        var lines: [Field] = []
    }

    struct Call: Equatable {
        let method: String
        let params: String
    }

    let place = "fake"
    var fields: [String: [Field]] = [:]
    /// By entity, then id: JSON texts by field.
    var records: [String: [Int: [String: String]]] {
        get { table }
        set {
            table = newValue
            index = [:]
        }
    }
    private var table: [String: [Int: [String: String]]] = [:]
    /// Ids by entity and field, then value; made when it is first asked for.
    private var index: [String: [String: [Int]]] = [:]
    /// Results of other methods, as JSON; the last of several is repeated.
    var answers: [String: [String]] = [:]
    private(set) var calls: [Call] = []
    /// Calls that were sent and not yet fetched, at most.
    private(set) var mostUnderWay = 0
    private var waiting: [UInt64: Result<JSONNode, AdminError>] = [:]
    private var nextTicket: UInt64 = 1
    private var nextID = 1000
    private var imports = 0

    func send(_ method: String, _ params: [UInt8]) throws(AdminError) -> CallTicket {
        calls.append(Call(method: method, params: String(decoding: params, as: UTF8.self)))
        let ticket = nextTicket
        nextTicket += 1
        do throws(AdminError) {
            waiting[ticket] = .success(try answer(method, try Self.parse(params)))
        } catch {
            waiting[ticket] = .failure(error)
        }
        mostUnderWay = max(mostUnderWay, waiting.count)
        return CallTicket(ticket)
    }

    func answer(to ticket: CallTicket) throws(AdminError) -> JSONNode {
        guard let result = waiting.removeValue(forKey: ticket.number) else {
            throw AdminError("no such call")
        }
        return try result.get()
    }

    func count(of method: String) -> Int { calls.filter { $0.method == method }.count }

    static func parse(_ bytes: [UInt8]) throws(AdminError) -> JSONNode {
        do throws(JSONError) {
            return try JSONDocument(parsing: bytes).root
        } catch {
            throw AdminError("the parameters are not JSON: \(error)")
        }
    }

    private func answer(_ method: String, _ params: JSONNode) throws(AdminError) -> JSONNode {
        switch method {
        case "entity.describe": return try describe(params["name"]?.string ?? "")
        case "field.create": return try createField(params)
        case "picklist.add": return try addValues(params)
        case "picklist.update":
            return try Self.parse(Array(#"{"steps":[],"findings":[],"notes":[],"tasks":[]}"#.utf8))
        case "record.list": return try list(params)
        case "record.count": return try Self.parse(Array("{\"count\":\(try matching(params).count)}".utf8))
        case "import.rows": return try importRows(params)
        case "import.start":
            imports += 1
            return try Self.parse(Array("{\"id\":\(imports)}".utf8))
        case "import.finish": return try Self.parse(Array("{}".utf8))
        default:
            guard let texts = answers[method], let text = texts.first else {
                throw AdminError("method \"\(method)\" does not exist")
            }
            if texts.count > 1 { answers[method]?.removeFirst() }
            return try Self.parse(Array(text.utf8))
        }
    }

    private func describe(_ entity: String) throws(AdminError) -> JSONNode {
        guard let fields = fields[entity] else {
            throw AdminError("entity \"\(entity)\" does not exist", exit: .notFound)
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("name")
        writer.string(entity)
        writer.key("fields")
        writer.beginArray()
        for field in fields { Self.write(field, to: &writer) }
        writer.endArray()
        writer.endObject()
        return try Self.parse(writer.finish())
    }

    private static func write(_ field: Field, to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, text) in [("name", field.name), ("label", field.name), ("type", field.type)] {
            writer.key(name)
            writer.string(text)
        }
        writer.key("mandatory")
        writer.bool(field.isMandatory)
        writer.key("targets")
        writer.beginArray()
        for target in field.targets { writer.string(target) }
        writer.endArray()
        writer.key("values")
        writer.beginArray()
        for value in field.values {
            writer.beginObject()
            writer.key("key")
            writer.string(value)
            writer.endObject()
        }
        writer.endArray()
        if !field.lines.isEmpty {
            writer.key("lines")
            writer.beginObject()
            writer.key("fields")
            writer.beginArray()
            for field in field.lines { write(field, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
        writer.endObject()
    }

    private func createField(_ params: JSONNode) throws(AdminError) -> JSONNode {
        let entity = params["entity"]?.string ?? ""
        let name = params["name"]?.string ?? ""
        if params["dry_run"]?.bool != true {
            fields[entity, default: []].append(Field(name: name, type: params["type"]?.string ?? ""))
        }
        return try Self.parse(Array("{\"entity\":\"\(entity)\",\"field\":\"\(name)\",\"steps\":[]}".utf8))
    }

    private func addValues(_ params: JSONNode) throws(AdminError) -> JSONNode {
        let entity = params["entity"]?.string ?? ""
        let name = params["field"]?.string
        let keys = params["values"]?.elements.compactMap { $0["key"]?.string } ?? []
        if params["dry_run"]?.bool != true,
            let index = fields[entity]?.firstIndex(where: { $0.name == name })
        {
            fields[entity]?[index].values += keys
        }
        return try Self.parse(Array("{\"steps\":[]}".utf8))
    }

    // MARK: Records

    private func list(_ params: JSONNode) throws(AdminError) -> JSONNode {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("records")
        writer.beginArray()
        let entity = params["entity"]?.string ?? ""
        for id in try matching(params).prefix(Int(params["limit"]?.int64 ?? 50)) {
            writer.beginObject()
            writer.key("id")
            writer.int(id)
            for (name, json) in (records[entity]?[id] ?? [:]).sorted(by: { $0.key < $1.key }) {
                writer.key(name)
                writer.raw(Array(json.utf8))
            }
            writer.endObject()
        }
        writer.endArray()
        writer.key("next_cursor")
        writer.null()
        writer.endObject()
        return try Self.parse(writer.finish())
    }

    /// Ids in order; conditions are equalities, joined by `all`.
    private func matching(_ params: JSONNode) throws(AdminError) -> [Int] {
        let entity = params["entity"]?.string ?? ""
        guard fields[entity] != nil else {
            throw AdminError("entity \"\(entity)\" does not exist", exit: .notFound)
        }
        var conditions: [(String, String)] = []
        if let filter = params["filter"] {
            for condition in filter.kind == .array
                ? [filter] : filter["all"].map({ Array($0.elements) }) ?? []
            {
                let parts = Array(condition.elements)
                guard parts.count == 3 else { continue }
                conditions.append((parts[0].string ?? "", Self.text(parts[2])))
            }
        }
        return ids(of: entity, where: conditions)
    }

    private func ids(of entity: String, where conditions: [(String, String)]) -> [Int] {
        guard let (field, value) = conditions.first else { return (records[entity] ?? [:]).keys.sorted() }
        let key = "\(entity).\(field)"
        if index[key] == nil {
            var made: [String: [Int]] = [:]
            for (id, record) in records[entity] ?? [:] {
                if let value = record[field] { made[value, default: []].append(id) }
            }
            index[key] = made
        }
        let found = index[key]?[value] ?? []
        return found.filter { id in
            conditions.dropFirst().allSatisfy { records[entity]?[id]?[$0.0] == $0.1 }
        }.sorted()
    }

    private static func text(_ node: JSONNode) -> String { String(decoding: node.rawBytes, as: UTF8.self) }

    private func importRows(_ params: JSONNode) throws(AdminError) -> JSONNode {
        let entity = params["entity"]?.string ?? ""
        let isDryRun = params["dry_run"]?.bool == true
        let kept = records
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("rows")
        writer.beginArray()
        for row in params["rows"].map({ Array($0.elements) }) ?? [] {
            writer.beginObject()
            writer.key("line")
            writer.int(row["line"]?.int64 ?? 0)
            writer.key("outcome")
            do throws(AdminError) {
                writer.string(try importRow(entity, row, params))
            } catch {
                writer.string("failed")
                writer.key("problems")
                writer.raw(
                    Array("[{\"field\":\"\",\"code\":\"rule\",\"message\":\"\(error.message)\"}]".utf8))
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        if isDryRun { records = kept }
        return try Self.parse(writer.finish())
    }

    private func importRow(_ entity: String, _ row: JSONNode, _ params: JSONNode) throws(AdminError) -> String
    {
        var values: [String: String] = [:]
        guard let members = row["values"]?.members else { throw AdminError("a row without values") }
        for (name, value) in members {
            guard fields[entity]?.contains(where: { $0.name == name }) == true else {
                throw AdminError("\(entity) has no field '\(name)'")
            }
            guard let lookup = value["$lookup"] else {
                values[name] = Self.text(value)
                continue
            }
            let (target, by) = (lookup["entity"]?.string ?? "", lookup["field"]?.string ?? "")
            let key = lookup["value"].map(Self.text) ?? ""
            let found = ids(of: target, where: [(by, key)])
            guard found.count == 1 else {
                throw AdminError("no \(target) has \(by) \(key.filter { $0 != "\"" })")
            }
            values[name] = String(found[0])
        }
        for field in fields[entity] ?? [] where field.isMandatory && values[field.name] == nil {
            throw AdminError("\(field.name) is required")
        }
        let matchOn = params["match_on"]?.elements.compactMap(\.string) ?? []
        let match =
            matchOn.isEmpty ? nil : ids(of: entity, where: matchOn.map { ($0, values[$0] ?? "") }).first
        guard let match else {
            guard params["mode"]?.string != "update" else { throw AdminError("not there") }
            store(values, as: nextID, in: entity)
            nextID += 1
            return "created"
        }
        if params["on_match"]?.string == "skip" { return "skipped" }
        let before = records[entity]?[match] ?? [:]
        let after = before.merging(values) { _, new in new }
        if after != before { store(after, as: match, in: entity) }
        return after == before ? "unchanged" : "updated"
    }
}

extension FakeKernel {
    /// Keeps the index in step, which setting `records` as a whole would throw away.
    private func store(_ values: [String: String], as id: Int, in entity: String) {
        let old = table[entity]?[id]
        table[entity, default: [:]][id] = values
        for key in index.keys where key.hasPrefix("\(entity).") {
            let field = String(key.dropFirst(entity.count + 1))
            guard old?[field] != values[field] else { continue }
            if let value = old?[field] { index[key]?[value]?.removeAll { $0 == id } }
            if let value = values[field] { index[key]?[value, default: []].append(id) }
        }
    }
}

extension FakeKernel {
    /// What a fresh platform with the module Sales has, as far as the sales-pipeline import is concerned.
    static func withSales(baseCurrency: String = "EUR") -> FakeKernel {
        let kernel = FakeKernel()
        kernel.fields = [
            "currency": ["code", "name", "symbol"].map { Field(name: $0, type: "text") } + [
                Field(name: "decimals", type: "integer"), Field(name: "is_base", type: "boolean"),
            ],
            "role": [
                Field(name: "role_name", type: "text", isMandatory: true),
                Field(name: "parent_role", type: "reference", targets: ["role"], isMandatory: true),
            ],
            "user": ["username", "first_name", "last_name", "department", "title"].map {
                Field(name: $0, type: "text")
            } + [
                Field(name: "status", type: "picklist", values: ["active", "inactive"]),
                Field(name: "role", type: "reference", targets: ["role"], isMandatory: true),
                Field(name: "reports_to", type: "reference", targets: ["user"]),
            ],
            "account": [
                Field(name: "account_name", type: "text", isMandatory: true),
                Field(
                    name: "industry", type: "picklist",
                    values: [
                        "retail", "technology", "healthcare", "finance", "entertainment",
                        "telecommunications",
                        "other",
                    ]),
                Field(name: "annual_revenue", type: "money"), Field(name: "employees", type: "integer"),
                Field(name: "billing_country", type: "text"),
                Field(name: "parent_account", type: "reference", targets: ["account"]),
            ],
            "potential": [
                Field(name: "potential_name", type: "text", isMandatory: true),
                Field(
                    name: "sales_stage", type: "picklist",
                    values: ["prospecting", "qualification", "closed_won", "closed_lost"], isMandatory: true),
                Field(name: "related_to", type: "reference", targets: ["account", "contact"]),
                Field(name: "owner", type: "owner"), Field(name: "amount", type: "money"),
                Field(name: "closing_date", type: "date"),
                Field(name: "currency", type: "reference", targets: ["currency"]),
                Field(name: "origin", type: "picklist", values: ["api", "import"]),
            ],
        ]
        kernel.records["role"] = [1: ["role_name": "\"Organisation\""]]
        kernel.records["currency"] = [2: ["code": "\"\(baseCurrency)\"", "is_base": "true"]]
        return kernel
    }
}

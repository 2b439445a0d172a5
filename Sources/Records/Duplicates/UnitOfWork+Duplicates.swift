import CRMSDK
import Query
import Registry
import Security
import Storage

/// Whether a rule that warns is to be heard.
package enum DuplicateWarnings: Sendable {
    /// It refuses: for whoever can be asked.
    case heard
    /// It does not: the caller knows, or is a program that brings what others have decided.
    case waived
}

/// Keys of duplicates follow every write within its unit, and rules are asked before one.
extension UnitOfWork {
    /// Stores the keys of a record that is made, changed, deleted or restored; nil is a record that is not there.
    ///
    /// Costs a look into a table for entities without rules, else one small row for each rule whose fields are filled.
    func keepKeys(
        _ entity: Entity, _ id: RecordID, old: [String: Value]?, new: [String: Value]?
    ) throws(CRMError) {
        guard let rules = snapshot.duplicateRules[entity.name] else { return }
        for rule in rules {
            let (before, after) = (old.flatMap(rule.key), new.flatMap(rule.key))
            guard before != after else { continue }
            if let before {
                try transaction.execute(DuplicateStatements.forget(before.number, of: id, rule: rule.id))
            }
            if let after {
                try transaction.execute(DuplicateStatements.keep(after.number, of: id, rule: rule.id))
            }
        }
    }

    /// Stores the keys of a record that is made.
    func keepKeys(_ creation: Creation, _ id: RecordID) throws(CRMError) {
        for (rule, key) in creation.keys {
            guard let key else { continue }
            try transaction.execute(DuplicateStatements.keep(key.number, of: id, rule: rule.id))
        }
    }

    /// Refuses a record that is made and is like another by a rule that blocks, or by one that warns and is heard.
    func refuseDuplicates(
        _ creation: Creation, id: RecordID, _ warnings: DuplicateWarnings, _ call: CallContext
    ) throws(CRMError) {
        guard !creation.keys.isEmpty else { return }
        let keys = creation.keys.compactMap { rule, key in
            isAsked(rule, warnings, call) ? key.map { (rule, $0) } : nil
        }
        try refuse(keys, creation.entity, id: id, isNew: true, call)
    }

    /// Refuses a change that makes a record like another by a rule for changes that blocks, or by one that warns and is
    /// heard.
    ///
    /// - Throws: `duplicate` with the records that the caller may view; the others are counted.
    func refuseDuplicates(
        _ entity: Entity, _ values: [String: Value], old: Record, id: RecordID,
        _ warnings: DuplicateWarnings, _ call: CallContext
    ) throws(CRMError) {
        guard let rules = snapshot.duplicateRules[entity.name] else { return }
        var keys: [(DuplicateRule, DuplicateKey)] = []
        for rule in rules where rule.fact.isOnUpdate && isAsked(rule, warnings, call) {
            guard let key = rule.key(of: values), rule.key(of: old.values) != key else { continue }
            keys.append((rule, key))
        }
        try refuse(keys, entity, id: id, isNew: false, call)
    }

    private func isAsked(_ rule: DuplicateRule, _ warnings: DuplicateWarnings, _ call: CallContext) -> Bool {
        switch rule.fact.action {
        case .allow: false
        case .block: true
        // A warning would tell a customer which addresses of others are known here.
        case .warn: warnings == .heard && call.principal.customer == nil
        }
    }

    private func refuse(
        _ keys: [(rule: DuplicateRule, key: DuplicateKey)], _ entity: Entity, id: RecordID, isNew: Bool,
        _ call: CallContext
    ) throws(CRMError) {
        var matches: [DuplicateMatch] = []
        for (rule, key) in keys {
            let ids = try service.holders(of: key, rule, besides: id, on: transaction)
            if !ids.isEmpty { matches.append(DuplicateMatch(rule: rule, ids: ids)) }
        }
        guard !matches.isEmpty else { return }
        let finding = try service.finding(matches, entity, viewpoint(call), on: transaction)
        throw finding.refusal(of: entity, matches, isNew: isNew)
    }
}

extension UnitOfWork {
    /// Checks the rules that the unit has written, and has the keys of those that compare something else made anew.
    func settleDuplicateRules(after: [DuplicateRuleFact]) throws(CRMError) {
        let before = snapshot.directories.duplicateRules
        guard before != after else { return }
        try DuplicateRule.refuse(before: before, after: after, snapshot.registry)
        for rule in Set(before.map(\.id)).union(after.map(\.id)).sorted() {
            let (old, new) = (before.first { $0.id == rule }, after.first { $0.id == rule })
            guard let old, old.comparison != new?.comparison else { continue }
            try transaction.execute(DuplicateStatements.noteFill(rule, signature: "", position: nil))
        }
    }
}

extension DuplicateFinding {
    /// - Parameter matches: at least one.
    fileprivate func refusal(of entity: Entity, _ matches: [DuplicateMatch], isNew: Bool) -> CRMError {
        let block = matches.first { $0.rule.fact.action == .block }
        let rule = (block ?? matches[0]).rule
        var error = CRMError(
            .duplicate, message(entity, rule),
            hint: block == nil
                ? "Repeat it with allow_duplicate (--allow-duplicate at the console) if that is another \(entity.name)."
                : "The rule \"\(rule.name)\" permits no second one.")
        error.rule = rule.name
        error.fields = matches.map { match in
            FieldProblem(
                field: match.rule.parts[0].field.name, code: "duplicate",
                message: "\(match.rule.label) is that of another \(entity.name)")
        }
        error.candidates = records.map(\.id.description)
        error.duplicates = DuplicateRecords(
            action: rule.fact.action.rawValue,
            records: records.map { record in
                DuplicateRecords.Found(
                    id: record.id, entity: entity.name, label: record.label, rules: record.rules)
            }, hidden: hidden)
        return error
    }

    /// `contact 17 "Ada Lovelace" has the same E-mail, and so have 2 more, 1 of which you may not view`
    private func message(_ entity: Entity, _ rule: DuplicateRule) -> String {
        guard let first = records.first else {
            return "\(hidden) \(entity.name) that you may not view has the same \(rule.label)"
        }
        let label = first.label.map { " \"\($0.prefix(80))\"" } ?? ""
        let others = records.count - 1 + hidden
        let unseen = hidden == 0 ? "" : ", \(hidden) of which you may not view"
        return "\(entity.name) \(first.id)\(label) has the same \(rule.label)"
            + (others == 0 ? "" : ", and there are \(others) more\(unseen)")
    }
}

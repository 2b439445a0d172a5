import CRMSDK
import Foundation
import JSON
import Registry
import Testing

@testable import RPC

@Suite("The table of methods")
struct MethodTableTests {
    private static let methods = MethodTable.kernelMethods

    @Test(
        "every method has a name of noun and verb, a summary and described parameters",
        arguments: methods.map(\.name))
    func described(_ name: String) throws {
        let method = try #require(Self.methods.first { $0.name == name })
        #expect(name.split(separator: ".").count == 2)
        #expect(name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2E || $0 == 0x5F })
        #expect(method.summary.hasSuffix("."))
        for parameter in method.parameters {
            #expect(parameter.summary.hasSuffix("."), "\(name) \(parameter.name)")
            #expect(DefinitionRules.isIdentifier(parameter.name))
        }
        #expect(Set(method.parameters.map(\.name)).count == method.parameters.count)
    }

    @Test("names are unique")
    func unique() { #expect(Set(Self.methods.map(\.name)).count == Self.methods.count) }

    @Test(
        "an example's parameters pass the method's own check",
        arguments: methods.filter { $0.example != nil }.map(\.name))
    func examples(_ name: String) throws {
        let method = try #require(Self.methods.first { $0.name == name })
        let example = try #require(method.example)
        try ParameterReading.check(JSONDocument(parsing: example.parameters).root, against: method.parameters)
        try expect(JSONDocument(parsing: example.result).root, of: method.result, at: "\(name): the result")
    }

    /// Members of an answer are those that its type names, and what is required is among them. An object without members
    /// is one whose members its summary tells.
    private func expect(_ node: JSONNode, of type: ParameterType, at place: String) throws {
        switch type.shape {
        case .object(let members) where !members.isEmpty:
            #expect(node.kind == .object, "\(place) is no object")
            for member in node.members {
                let name = member.name
                let declared = try #require(
                    members.first { $0.name == name }, "\(place) has \(name), which is not declared")
                guard !member.value.isNull else { continue }
                try expect(member.value, of: declared.type, at: "\(place).\(name)")
            }
            let missing = members.filter { $0.isRequired && node[$0.name] == nil }.map(\.name)
            #expect(missing.isEmpty, "\(place) lacks \(missing)")
        case .list(let element):
            #expect(node.kind == .array, "\(place) is no array")
            for item in node.elements { try expect(item, of: element, at: place) }
        default: break
        }
    }

    @Test("what people call first has an example")
    func exampled() {
        let names = ["record.", "schema.", "security.", "batch.", "import.", "change.", "print."]
        for method in Self.methods where names.contains(where: method.name.hasPrefix) {
            let own = method.parameters.filter {
                !["dry_run", "idempotency_key", "limit", "cursor"].contains($0.name)
            }
            guard own.count > 1 else { continue }
            #expect(method.example != nil, "\(method.name)")
        }
    }

    @Test("what writes records takes dry_run")
    func dryRun() {
        for method in Self.methods
        where method.effect == .writes && method.parameters.contains(where: { $0.name == "entity" })
            // Writes nothing but that it was asked.
            && !["security.explain", "export.records"].contains(method.name)
        {
            #expect(method.parameters.contains { $0.name == "dry_run" }, "\(method.name)")
        }
    }

    @Test(
        "an unknown name is answered with near ones",
        arguments: [("record.gte", "record.get"), ("get", "record.get"), ("auth.lgin", "auth.login")])
    func candidates(given: String, meant: String) throws {
        let table = MethodTable(try Registries.make(), metrics: KernelMetrics())
        do throws(CRMError) {
            _ = try table.entry(named: given)
            Issue.record("\(given) does not exist")
        } catch {
            #expect(error.kind == .methodNotFound)
            #expect(error.candidates.contains(meant))
        }
    }

    @Test("kinds of errors have numbers of their own")
    func errorNumbers() {
        #expect(Set(CRMError.Kind.all.map(\.rpcCode)).count == CRMError.Kind.all.count)
        #expect(CRMError.Kind.all.allSatisfy { OpenRPCDocument.meaning[$0.name] != nil })
    }
}

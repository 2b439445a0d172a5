package import CRMSDK
package import Registry
import Text

/// All methods that can be called at one moment: the kernel's own and the actions of enabled modules.
///
/// Made anew for every registry snapshot; a look-up is one hash of the name.
package final class MethodTable: Sendable {
    /// A method with the counter of its calls, which outlives the table.
    package struct Entry: Sendable {
        package let method: Method
        let calls: CallCounter
    }

    package let generation: Int
    /// By name.
    package let methods: [Method]
    private let byName: [String: Entry]

    package init(_ registry: RegistrySnapshot, metrics: KernelMetrics) {
        generation = registry.generation
        let gates = Dictionary(
            registry.gates.flatMap { gate in gate.methods.map { ($0, gate) } },
            uniquingKeysWith: { first, _ in first })
        let actions = registry.actions.values.map { action in
            gates[action.method].map { GateMethod.method(for: action, through: $0) }
                ?? ActionMethod.method(for: action)
        }
        methods = (Self.kernelMethods + actions).sorted { $0.name < $1.name }
        byName = Dictionary(
            methods.map { ($0.name, Entry(method: $0, calls: metrics.counter(of: $0.name))) },
            uniquingKeysWith: { kernels, _ in kernels })
    }

    /// The kernel's own, by group. A module cannot take their names: none is a module's.
    package static let kernelMethods: [Method] = [
        AuthMethods.all, SecondFactorMethods.all, KeyMethods.all, UserMethods.all, RightsMethods.all,
        SecurityMethods.all,
        EntityMethods.all, SchemaMethods.all,
        RecordMethods.all, BatchMethods.all,
        ChangeMethods.all, ExportMethods.all, ImportMethods.all, ModuleMethods.all, JobMethods.all,
        LogMethods.all, SystemMethods.all, BackupMethods.all, PrintMethods.all,
    ].flatMap { $0 }

    package subscript(name: String) -> Entry? { byName[name] }

    /// - Throws: `methodNotFound` with near names as candidates.
    package func entry(named name: String) throws(CRMError) -> Entry {
        if let entry = byName[name] { return entry }
        var error = CRMError(.methodNotFound, "method \"\(name.prefix(80))\" does not exist")
        error.candidates = Spelling.nearest(to: name, among: methods.map(\.name))
        error.hint =
            error.candidates.first.map { "Did you mean \"\($0)\"?" }
            ?? "rpc.discover lists all methods; a module that is disabled has none."
        throw error
    }
}

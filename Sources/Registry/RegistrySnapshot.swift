package import CRMSDK
import Text

/// Everything that is registered at one moment: entities, relations, hooks, actions. Immutable; enabling a module or
/// adding a field makes a new one.
///
/// A call takes its snapshot first and its transaction second, and works on the one it took.
package final class RegistrySnapshot: Sendable {
    /// Grows with every change of the registry.
    package let generation: Int
    /// The same with the data that sleeps: entities and fields of modules that are not enabled, and deleted ones. Nil
    /// where nothing does.
    ///
    /// No call reads or writes these as such, but what is done to a record must hold for all that names it.
    package let complete: RegistrySnapshot?
    /// By name: the entities of records.
    package let entities: [Entity]
    /// By name: the entities of lines, which are no records and stand in no directory of them.
    package let lineEntities: [Entity]
    package let modules: [RegisteredModule]
    /// Fields that are computed from others.
    package let computed: ComputedBook
    /// Those whose entities are both there, by name.
    package let relations: [Relation]
    /// By method name: `sales.convert_lead`.
    package let actions: [String: RegisteredAction]
    /// Ways in for people who have no account.
    package let gates: [RegisteredGate]
    package let labels: LabelBook
    /// All jobs of enabled modules.
    package let jobs: [RegisteredJob]

    private let byName: [String: Entity]
    private let byNumber: [Int: Entity]
    private let linesByName: [String: Entity]
    private let hooks: [HookKey: [RegisteredHook]]
    private let linkHooks: [LinkHookKey: [RegisteredLinkHook]]
    private let referring: [String: [Referrer]]
    private let related: [String: [RelatedList]]

    private struct HookKey: Hashable {
        let entity: String
        let moment: Hook.Moment
    }

    private struct LinkHookKey: Hashable {
        let relation: String
        let moment: LinkHook.Moment
    }

    /// - Parameter complete: All entities, where there are more than `everything`.
    package init(
        generation: Int, entities everything: [Entity], complete: [Entity]? = nil, modules: [RegisteredModule]
    ) {
        self.complete = complete.map {
            RegistrySnapshot(generation: generation, entities: $0, modules: modules)
        }
        let entities = everything.filter { !$0.isLine }
        lineEntities = everything.filter(\.isLine).sorted { $0.name < $1.name }
        linesByName = Dictionary(uniqueKeysWithValues: lineEntities.map { ($0.name, $0) })
        self.generation = generation
        computed = ComputedBook(everything)
        self.entities = entities.sorted { $0.name < $1.name }
        self.modules = modules
        let byName = Dictionary(uniqueKeysWithValues: entities.map { ($0.name, $0) })
        self.byName = byName
        byNumber = Dictionary(uniqueKeysWithValues: entities.map { ($0.number, $0) })
        labels = LabelBook(modules.flatMap(\.manifest.translations))
        relations = Relation.awake(modules, byName)
        gates = modules.flatMap { module in
            module.manifest.gates.map { RegisteredGate(module: module.name, gate: $0) }
        }
        var actions: [String: RegisteredAction] = [:]
        var hooks: [HookKey: [RegisteredHook]] = [:]
        var linkHooks: [LinkHookKey: [RegisteredLinkHook]] = [:]
        var jobs: [RegisteredJob] = []
        for module in modules {
            for action in module.manifest.actions {
                let method = "\(module.name).\(action.name)"
                actions[method] = RegisteredAction(module: module.name, method: method, action: action)
            }
            for hook in module.manifest.hooks {
                for moment in hook.moments {
                    hooks[HookKey(entity: hook.entity, moment: moment), default: []]
                        .append(RegisteredHook(module: module.name, hook: hook))
                }
            }
            for hook in module.manifest.linkHooks {
                for moment in hook.moments {
                    linkHooks[LinkHookKey(relation: hook.relation, moment: moment), default: []]
                        .append(RegisteredLinkHook(module: module.name, hook: hook))
                }
            }
            jobs += module.manifest.jobs.map { RegisteredJob(module: module.name, job: $0) }
        }
        self.actions = actions
        self.hooks = hooks
        self.linkHooks = linkHooks
        self.jobs = jobs
        var referring: [String: [Referrer]] = [:]
        for entity in entities {
            for field in entity.fields where field.isReference && !field.isSystem {
                for target in field.type.targets.isEmpty ? ["*"] : field.type.targets {
                    referring[target, default: []].append(Referrer(entity: entity, field: field))
                }
            }
        }
        self.referring = referring
        related = RelatedList.all(self.entities, relations) {
            (referring[$0] ?? []) + (referring["*"] ?? [])
        }
    }

    package subscript(entity name: String) -> Entity? { byName[name] }

    package func entity(number: Int) -> Entity? { byNumber[number] }

    /// - Throws: `invalidParameters` naming the entity, with near names as candidates.
    package func entity(_ name: String) throws(CRMError) -> Entity {
        if let entity = byName[name] { return entity }
        if let parent = linesByName[name]?.definition.lineOf {
            throw CRMError(
                .invalidParameters, "\"\(name)\" has no records of its own, but lines of \(parent)",
                hint: "Read and write them with their \(parent).")
        }
        throw unknownEntity(name)
    }

    /// What is answered for an entity that is not there, or not there for the caller.
    package func unknownEntity(_ name: String) -> CRMError {
        var error = CRMError(
            .invalidParameters, "entity \"\(name.prefix(60))\" does not exist",
            hint: "Ask entity.list; its module may be disabled.")
        error.candidates = Spelling.nearest(to: name, among: entities.lazy.map(\.name))
        if let near = error.candidates.first { error.hint = "Did you mean \"\(near)\"?" }
        return error
    }

    /// A relation both of whose sides are there.
    package func relation(_ name: String) -> Relation? { relations.first { $0.name == name } }

    /// An entity of records or of lines: what can be listed, counted, aggregated and described.
    ///
    /// - Throws: as `entity(_:)`.
    package func readable(_ name: String) throws(CRMError) -> Entity {
        if let lines = linesByName[name] { return lines }
        return try entity(name)
    }

    /// The entity of a field's lines; nil for a field of any other type.
    package func lines(of field: Field) -> Entity? {
        guard field.wire == .lines, let name = field.type.targets.first else { return nil }
        return linesByName[name]
    }

    /// The record entity and its field that lines of an entity are in.
    package func holder(of lines: Entity) -> (entity: Entity, field: Field)? {
        guard let parent = lines.definition.lineOf.flatMap({ byName[$0] }),
            let field = parent.lines.first(where: { $0.type.targets == [lines.name] })
        else { return nil }
        return (parent, field)
    }

    /// In the order of their modules, dependencies first.
    package func hooks(on entity: String, _ moment: Hook.Moment) -> [RegisteredHook] {
        hooks[HookKey(entity: entity, moment: moment)] ?? []
    }

    /// In the order of their modules, dependencies first.
    package func linkHooks(on relation: String, _ moment: LinkHook.Moment) -> [RegisteredLinkHook] {
        linkHooks[LinkHookKey(relation: relation, moment: moment)] ?? []
    }

    /// The lists of records that a record of this entity has.
    package func relatedLists(of entity: String) -> [RelatedList] { related[entity] ?? [] }

    /// The fields of other entities that may refer to records of this one.
    package func referrers(to entity: String) -> [Referrer] {
        (referring[entity] ?? []) + (referring["*"] ?? [])
    }
}

/// A field through which records of one entity refer to another's.
package struct Referrer: Sendable {
    package let entity: Entity
    package let field: Field

    package init(entity: Entity, field: Field) {
        self.entity = entity
        self.field = field
    }
}

/// An enabled module; `core` is the kernel's own.
package struct RegisteredModule: Sendable {
    package let manifest: ModuleManifest
    /// Hexadecimal SHA-256 of its file; empty for `core`.
    package let sha256: String

    package var name: String { manifest.name }

    package init(manifest: ModuleManifest, sha256: String) {
        self.manifest = manifest
        self.sha256 = sha256
    }
}

package struct RegisteredHook: Sendable {
    package let module: String
    package let hook: Hook
}

package struct RegisteredLinkHook: Sendable {
    package let module: String
    package let hook: LinkHook
}

package struct RegisteredAction: Sendable {
    package let module: String
    package let method: String
    package let action: Action
}

/// A way in for people who have no account, with the module that brings it.
package struct RegisteredGate: Sendable {
    package let module: String
    package let gate: PublicGate

    /// The actions that may be called through it, as the wire names them.
    package var methods: [String] { gate.actions.map { "\(module).\($0)" } }
}

package struct RegisteredJob: Sendable {
    package let module: String
    package let job: Job
}

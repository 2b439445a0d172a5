package import CRMSDK

/// In which order modules are loaded: dependencies first, otherwise by name, so that the same set always gives the
/// same order. Pure.
package enum LoadOrder {
    /// - Throws: `invalidParameters` that names the missing module, the version that does not suffice, or the cycle.
    package static func order(_ manifests: [ModuleManifest]) throws(CRMError) -> [ModuleManifest] {
        let byName = Dictionary(manifests.map { ($0.name, $0) }) { first, _ in first }
        guard byName.count == manifests.count else { throw duplicate(manifests) }
        for manifest in manifests { try checkDependencies(of: manifest, byName) }

        var ordered: [ModuleManifest] = []
        var waiting = byName.values.sorted { $0.name < $1.name }
        var placed: Set<String> = []
        while !waiting.isEmpty {
            let ready = waiting.firstIndex { $0.dependencies.allSatisfy { placed.contains($0.name) } }
            guard let ready else { throw cycle(in: waiting) }
            let next = waiting.remove(at: ready)
            placed.insert(next.name)
            ordered.append(next)
        }
        return ordered
    }

    /// Every module that needs `name`, directly or through another, in the order in which to disable them.
    package static func dependants(of name: String, among manifests: [ModuleManifest]) -> [String] {
        var affected: Set<String> = [name]
        while let next = manifests.first(where: { needs(affected, $0) && !affected.contains($0.name) }) {
            affected.insert(next.name)
        }
        affected.remove(name)
        var remaining = manifests.filter { affected.contains($0.name) }.sorted { $0.name < $1.name }
        var order: [String] = []
        while let free = remaining.firstIndex(where: { !isNeeded($0.name, by: remaining) }) {
            order.append(remaining.remove(at: free).name)
        }
        return order
    }

    private static func needs(_ names: Set<String>, _ manifest: ModuleManifest) -> Bool {
        manifest.dependencies.contains { names.contains($0.name) }
    }

    private static func isNeeded(_ name: String, by manifests: [ModuleManifest]) -> Bool {
        manifests.contains { needs([name], $0) }
    }

    private static func checkDependencies(
        of manifest: ModuleManifest, _ byName: [String: ModuleManifest]
    ) throws(CRMError) {
        for dependency in manifest.dependencies {
            guard let other = byName[dependency.name] else {
                throw CRMError(
                    .invalidParameters,
                    "module \"\(manifest.name)\" needs module \"\(dependency.name)\", which is not enabled",
                    hint: "Enable \"\(dependency.name)\" first.")
            }
            guard other.version >= dependency.minimumVersion,
                other.version.major == dependency.minimumVersion.major
            else {
                throw CRMError(
                    .invalidParameters,
                    "module \"\(manifest.name)\" needs module \"\(dependency.name)\" "
                        + "\(dependency.minimumVersion), but \(other.version) is there",
                    hint: "Bring both to versions of the same major number.")
            }
        }
    }

    /// Walks dependencies among the modules that could not be placed until one comes again.
    private static func cycle(in waiting: [ModuleManifest]) -> CRMError {
        let names = Set(waiting.map(\.name))
        var path = [waiting[0].name]
        while true {
            let current = waiting.first { $0.name == path[path.count - 1] }
            guard let next = current?.dependencies.map(\.name).filter(names.contains).min() else { break }
            if let start = path.firstIndex(of: next) {
                path = path[start...] + [next]
                break
            }
            path.append(next)
        }
        return CRMError(
            .invalidParameters, "modules need each other in a circle: \(path.joined(separator: " → "))",
            hint: "One of them must do without the next.")
    }

    private static func duplicate(_ manifests: [ModuleManifest]) -> CRMError {
        var seen: Set<String> = []
        let name = manifests.map(\.name).first { !seen.insert($0).inserted } ?? ""
        return CRMError(
            .invalidParameters, "there are two modules named \"\(name)\"", hint: "Enable only one of them.")
    }
}

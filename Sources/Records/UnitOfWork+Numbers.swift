import CRMSDK
import Query
import Registry
import Storage

/// A number of a series, with the key by which its field is searched and sorted.
struct GivenNumber: Sendable {
    let text: String
    /// Nil where the field keeps none.
    let key: [UInt8]?
}

/// Numbers that come next in a series and that no record has: looked for together, since each look has its price.
struct FreeNumbers {
    let first: Int64
    let numbers: [GivenNumber]

    subscript(counter: Int64) -> GivenNumber? {
        let place = counter - first
        return place >= 0 && place < Int64(numbers.count) ? numbers[Int(place)] : nil
    }
}

/// The numbers that the kernel gives.
extension UnitOfWork {
    /// So many are looked for together where a unit needs many; the first alone.
    private static let numbersAtOnce = 64

    /// Gives the numbers that the record does not bring along, and lifts the counters over those that it does.
    func assignNumbers(_ creation: inout Creation) throws(CRMError) {
        for field in creation.entity.numbers {
            if let brought = creation.broughtNumber(field) {
                freeNumbers[field.number] = nil
                try raiseSeries(creation.entity, field, to: brought)
            } else if !field.type.isGivenByModule {
                creation.give(try nextNumber(creation.entity, field), to: field)
            }
        }
    }

    func nextNumber(_ entity: Entity, _ field: Field) throws(CRMError) -> GivenNumber {
        let series = series(entity, field)
        // A number that an import brought may lie ahead: then the counter goes past it.
        for _ in 0..<10_000 {
            let counter = try transaction.nextNumber(series: series)
            if let number = freeNumbers[field.number]?[counter] { return number }
            let known = freeNumbers[field.number]?.numbers.count ?? 0
            let wanted = min(max(1, 4 * known), Self.numbersAtOnce)
            var found = try freeNumbers(entity, field, from: counter, wanted)
            if found == nil, wanted > 1 { found = try freeNumbers(entity, field, from: counter, 1) }
            guard let found else { continue }
            freeNumbers[field.number] = found
            return found.numbers[0]
        }
        throw CRMError(
            .unavailable, "no free number was found for \(field.label)",
            hint: "Ask an administrator to raise its counter.")
    }

    /// The numbers from a counter on; nil where a record may have one of them.
    private func freeNumbers(
        _ entity: Entity, _ field: Field, from first: Int64, _ count: Int
    ) throws(CRMError) -> FreeNumbers? {
        let pattern = field.type.pattern ?? "0"
        let numbers = (first..<first + Int64(count)).map { counter in
            let text = NumberPattern.text(pattern, counter: counter)
            return GivenNumber(text: text, key: field.keyColumn == nil ? nil : field.key(of: text))
        }
        // Whatever the order of the keys is: all of them lie between the lowest and the highest.
        let sorted = numbers.map { $0.key ?? Array($0.text.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        func stored(_ bytes: [UInt8]) -> StoredValue {
            field.keyColumn == nil ? .text(String(decoding: bytes, as: UTF8.self)) : .blob(bytes)
        }
        let look = WriteStatements.numbered(
            entity, field, from: stored(sorted[0]), to: stored(sorted[count - 1]))
        var isTaken = false
        try transaction.rows(look) { _ throws(CRMError) in
            isTaken = true
            return .stop
        }
        return isTaken ? nil : FreeNumbers(first: first, numbers: numbers)
    }

    private func series(_ entity: Entity, _ field: Field) -> String { "\(entity.name).\(field.name)" }

    private func raiseSeries(_ entity: Entity, _ field: Field, to number: String) throws(CRMError) {
        guard let pattern = field.type.pattern,
            let counter = NumberPattern.counter(of: number, pattern: pattern)
        else {
            return
        }
        try transaction.raise(series: series(entity, field), to: counter)
    }
}

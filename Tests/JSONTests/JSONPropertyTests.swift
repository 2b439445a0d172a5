import JSON
import TestRandom
import Testing

private indirect enum Tree: Equatable {
    case null, bool(Bool), int(Int64), number(String), string(String), array([Tree])
    case object([(String, Tree)])

    static func == (left: Tree, right: Tree) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): Array(a.utf8) == Array(b.utf8)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count
                && zip(a, b).allSatisfy { Array($0.0.utf8) == Array($1.0.utf8) && $0.1 == $1.1 }
        default: false
        }
    }

    init(random generator: inout SeededRandom, depth: Int) {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: self = .null
        case 1: self = .bool(.random(using: &generator))
        case 2: self = .int(.random(in: .min ... .max, using: &generator))
        case 3: self = .number("\(Int32.random(in: .min ... .max, using: &generator)).5e-3")
        case 4: self = .string(Tree.text(&generator))
        case 5:
            let count = Int.random(in: 0...6, using: &generator)
            self = .array((0..<count).map { _ in Tree(random: &generator, depth: depth - 1) })
        default:
            var names = Set<[UInt8]>()
            let count = Int.random(in: 0...14, using: &generator)
            self = .object(
                (0..<count).compactMap { _ in
                    let name = Tree.text(&generator)
                    guard names.insert(Array(name.utf8)).inserted else { return nil }
                    return (name, Tree(random: &generator, depth: depth - 1))
                })
        }
    }

    private static func text(_ generator: inout SeededRandom) -> String {
        let ranges: [ClosedRange<UInt32>] = [
            0...0x1F, 0x20...0x7E, 0x20...0x7E, 0x22...0x22, 0x5C...0x5C, 0x7F...0x7FF, 0x800...0xD7FF,
            0xE000...0xFFFF, 0x10000...0x10FFFF,
        ]
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &generator) {
            let range = ranges[Int.random(in: 0..<ranges.count, using: &generator)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .int(let value): writer.int(value)
        case .number(let text): writer.number(text: text)
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for (name, value) in members {
                writer.key(name)
                value.write(to: &writer)
            }
            writer.endObject()
        }
    }

    init(_ node: JSONNode) {
        switch node.kind {
        case .null: self = .null
        case .bool: self = .bool(node.bool == true)
        case .number: self = node.int64.map { .int($0) } ?? .number(node.numberText ?? "")
        case .string: self = .string(node.string ?? "")
        case .array: self = .array(node.elements.map { Tree($0) })
        case .object: self = .object(node.members.map { ($0.name, Tree($0.value)) })
        }
    }
}

@Suite("JSON: properties")
struct JSONPropertyTests {
    @Test("what is written reads back the same")
    func roundTrip() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededRandom(seed)
        for round in 0..<400 {
            let tree = Tree(random: &generator, depth: 4)
            var writer = JSONWriter()
            tree.write(to: &writer)
            let document = try JSONDocument(parsing: writer.bytes)
            try #require(Tree(document.root) == tree, "seed \(seed), round \(round)")
            var copy = JSONWriter()
            copy.raw(document.root)
            try #require(copy.bytes == writer.bytes, "seed \(seed), round \(round)")
        }
    }

    @Test("damaged texts are accepted or refused, never trapped on")
    func damage() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededRandom(seed)
        let pieces = Array(#"{}[]",:\u0dD8c1e-+.tfn/ "#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        for _ in 0..<2_000 {
            var writer = JSONWriter()
            Tree(random: &generator, depth: 2).write(to: &writer)
            var bytes = writer.finish()
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let piece = pieces[Int.random(in: 0..<pieces.count, using: &generator)]
                bytes.insert(piece, at: Int.random(in: 0...bytes.count, using: &generator))
            }
            do {
                let tree = Tree(try JSONDocument(parsing: bytes).root)
                #expect(String(validating: bytes, as: UTF8.self) != nil, "seed \(seed): \(tree)")
            } catch {
                #expect((0...bytes.count).contains(error.offset), "seed \(seed): \(error)")
                #expect(!error.message.contains("\n"), "seed \(seed): \(error)")
            }
        }
    }
}

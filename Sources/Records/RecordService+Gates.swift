package import CRMSDK
import Security
package import Storage

extension RecordService {
    /// The gate of that key, open or not; one bounded read.
    ///
    /// - Returns: nil where there is none.
    package func record(
        of gate: PublicGate, named key: String, _ snapshot: KernelSnapshot, on connection: ReadConnection
    ) throws(CRMError) -> Record? {
        guard Self.isKey(key) else { return nil }
        let call = CallContext(
            principal: .kernel(for: RecordID(0)), source: .system, method: "gate", requestID: "")
        var request = ListRequest(
            gate.entity, where: .where(gate.keyField, .equal, .text(key)), sort: ["id"], limit: 1)
        request.fields = [gate.keyField]
        // The index finds text folded; a key is exact.
        guard let found = try records(call, snapshot, on: connection, request).first,
            found[gate.keyField] == .text(key)
        else { return nil }
        return try record(call, snapshot, on: connection, id: found.id, entity: gate.entity)
    }

    /// Keys are of chance, and of characters that stand in an address as they are.
    private static func isKey(_ text: String) -> Bool {
        (20...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }
}

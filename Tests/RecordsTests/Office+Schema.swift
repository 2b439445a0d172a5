import CRMSDK
import Foundation
import Records
import Storage

@testable import Installation

/// Changing the schema, as an administrator does.
extension Office {
    @discardableResult
    func change(_ changes: SchemaChange...) throws(CRMError) -> SchemaReport { try change(changes) }

    @discardableResult
    func change(_ changes: [SchemaChange], expecting generation: Int64? = nil) throws(CRMError)
        -> SchemaReport
    {
        let (installation, root) = (installation, root)
        return try database.writer.perform { (transaction) throws(CRMError) in
            try installation.apply(root, changes, expecting: generation, in: transaction)
        }
    }

    /// Publishes what a test has written into the schema by hand.
    func republish() throws(CRMError) {
        let installation = installation
        try database.writer.perform { (transaction) throws(CRMError) in
            _ = try installation.renewed(in: transaction)
        }
    }

    /// A kernel on a copy of the files as they are now: what a kill at this moment would leave.
    func reopened() throws -> Office {
        let copy = NSTemporaryDirectory() + "crm-records-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        return try Office(folder: copy)
    }
}

/// The part that a process plays on a socket. It claims nothing by itself: what a connection may do follows from the
/// socket it came in by and from its peer's credentials.
package enum WireRole: UInt8, Sendable, CaseIterable {
    case endpoint = 1
    case admin = 2
    case worker = 3
    case kernel = 4
}

/// The first frame in each direction: magic, version of the wire, role, and the version of the program.
package struct Hello: Equatable, Sendable {
    package static let wireVersion: UInt16 = 1
    private static let magic = Array("CRM1".utf8)

    package var role: WireRole
    /// For the log, such as "1.4.0".
    package var programVersion: String

    package init(role: WireRole, programVersion: String) {
        self.role = role
        self.programVersion = programVersion
    }

    package func encode(into buffer: inout [UInt8]) {
        let mark = Frame.begin(.hello, callID: 0, in: &buffer)
        buffer.append(contentsOf: Self.magic)
        buffer.append(littleEndian: Self.wireVersion)
        buffer.append(role.rawValue)
        buffer.append(counted: programVersion.utf8)
        Frame.finish(mark, in: &buffer)
    }

    /// Reads the first frame of a connection.
    ///
    /// - Throws: `incompatible` if the frame is not a hello of this version of the wire.
    package init(decoding frame: Frame) throws(WireError) {
        guard frame.kind == .hello, frame.payload.starts(with: Self.magic) else {
            throw .incompatible("it does not speak this protocol")
        }
        var reader = ByteReader(Array(frame.payload.dropFirst(Self.magic.count)))
        let version = try reader.integer(UInt16.self, "the wire version")
        guard version == Self.wireVersion else {
            throw .incompatible(
                "it speaks version \(version) of the wire, this program version \(Self.wireVersion)")
        }
        let rawRole = try reader.integer(UInt8.self, "the role")
        guard let role = WireRole(rawValue: rawRole) else {
            throw .incompatible("role \(rawRole) is unknown")
        }
        self.role = role
        programVersion = try reader.text("the program's version")
    }
}

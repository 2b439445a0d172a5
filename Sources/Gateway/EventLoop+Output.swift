import HTTP
import TLS

/// Bytes that leave: what was put into the outputs of one wake-up goes out together at its end.
extension EventLoop {
    /// Something has been put into the connection's output; it leaves at the end of the wake-up.
    func makeDirty(_ connection: ClientConnection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirty.append(connection.slot)
    }

    func flushAnswers() {
        guard !dirty.isEmpty else { return }
        let slots = dirty
        dirty.removeAll(keepingCapacity: true)
        for slot in slots {
            guard let connection = connections[slot], connection.isDirty else { continue }
            connection.isDirty = false
            writeOutput(connection)
            if connection.reader.bufferedBytes > 0, connection.mayRead(limits) { makeRunnable(connection) }
            settle(connection)
        }
    }

    func writeOutput(_ connection: ClientConnection) {
        do throws(TLSError) {
            while connection.hasOutput {
                guard
                    case .done(let count) = try connection.tls.write(
                        connection.output, from: connection.written)
                else {
                    connection.dropWritten()
                    return topUp(connection)
                }
                connection.written += count
                connection.outputSince = now
                counters.bytesOut.add(count)
            }
            connection.dropWritten()
            topUp(connection)
        } catch {
            close(connection)
        }
    }
}

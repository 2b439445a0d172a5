import Synchronization

/// What one loop has counted since the start. Only its loop writes; anyone may read.
///
/// A single writer needs no locked instruction: it loads, adds and stores.
final class Counters: Sendable {
    struct Counter: ~Copyable, Sendable {
        private let value = Atomic<Int>(0)

        func add(_ amount: Int = 1) {
            value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
        }

        var current: Int { value.load(ordering: .relaxed) }
    }

    let connections = Counter()
    let open = Counter()
    let refusedFull = Counter()
    let refusedSource = Counter()
    let handshakeFailures = Counter()
    let timeouts = Counter()
    let bytesIn = Counter()
    let bytesOut = Counter()
    let ok = Counter()
    let clientErrors = Counter()
    let serverErrors = Counter()
    let calls = Counter()
    let callMilliseconds = Counter()
    let cancels = Counter()
    let kernelLosses = Counter()
    /// 1 while calls can be sent.
    let kernelUp = Counter()

    func countAnswer(_ status: UInt16) {
        switch status {
        case ..<400: ok.add()
        case ..<500: clientErrors.add()
        default: serverErrors.add()
        }
    }
}

/// The gateway's part of `/metrics`, in Prometheus's text format 0.0.4.
enum MetricsText {
    private struct Row: Sendable {
        let name: String
        let type: String
        let help: String
        /// Labels with their value, in the order they are printed.
        let values: [(labels: String, of: @Sendable (Counters) -> Int)]
    }

    private static let rows: [Row] = [
        Row(
            name: "crm_gateway_connections_total", type: "counter", help: "Connections taken.",
            values: [("", { $0.connections.current })]),
        Row(
            name: "crm_gateway_connections_open", type: "gauge", help: "Connections open now.",
            values: [("", { $0.open.current })]),
        Row(
            name: "crm_gateway_connections_refused_total", type: "counter", help: "Connections over a limit.",
            values: [
                ("{limit=\"total\"}", { $0.refusedFull.current }),
                ("{limit=\"source\"}", { $0.refusedSource.current }),
            ]),
        Row(
            name: "crm_gateway_handshake_failures_total", type: "counter",
            help: "TLS handshakes that failed.",
            values: [("", { $0.handshakeFailures.current })]),
        Row(
            name: "crm_gateway_timeouts_total", type: "counter", help: "Connections ended by a time limit.",
            values: [("", { $0.timeouts.current })]),
        Row(
            name: "crm_gateway_answers_total", type: "counter", help: "Answers by status.",
            values: [
                ("{status=\"ok\"}", { $0.ok.current }), ("{status=\"4xx\"}", { $0.clientErrors.current }),
                ("{status=\"5xx\"}", { $0.serverErrors.current }),
            ]),
        Row(
            name: "crm_gateway_received_bytes_total", type: "counter",
            help: "Request bytes after decryption.",
            values: [("", { $0.bytesIn.current })]),
        Row(
            name: "crm_gateway_sent_bytes_total", type: "counter", help: "Answer bytes before encryption.",
            values: [("", { $0.bytesOut.current })]),
        Row(
            name: "crm_gateway_calls_total", type: "counter", help: "Calls answered by the kernel.",
            values: [("", { $0.calls.current })]),
        Row(
            name: "crm_gateway_call_milliseconds_total", type: "counter",
            help: "Time spent waiting for those.",
            values: [("", { $0.callMilliseconds.current })]),
        Row(
            name: "crm_gateway_calls_cancelled_total", type: "counter", help: "Calls whose client had gone.",
            values: [("", { $0.cancels.current })]),
        Row(
            name: "crm_gateway_kernel_losses_total", type: "counter",
            help: "Connections to the kernel that broke.",
            values: [("", { $0.kernelLosses.current })]),
        Row(
            name: "crm_gateway_kernel_links", type: "gauge", help: "Connections to the kernel that stand.",
            values: [("", { $0.kernelUp.current })]),
    ]

    static func render(_ counters: [Counters], certificateNotAfter: Int64, into text: inout [UInt8]) {
        for row in rows {
            text.append(contentsOf: "# HELP \(row.name) \(row.help)\n# TYPE \(row.name) \(row.type)\n".utf8)
            for value in row.values {
                let sum = counters.reduce(0) { $0 + value.of($1) }
                text.append(contentsOf: "\(row.name)\(value.labels) \(sum)\n".utf8)
            }
        }
        let name = "crm_tls_cert_not_after_seconds"
        text.append(
            contentsOf: "# HELP \(name) End of the certificate's validity, seconds since 1970.\n".utf8)
        text.append(contentsOf: "# TYPE \(name) gauge\n\(name) \(certificateNotAfter)\n".utf8)
    }
}

// crm-rpc: the network's side of the platform. Reads its options, binds, gives up every right it no longer needs,
// serves until SIGTERM. SIGHUP loads the certificate again.

import Foundation
import Gateway
import Log
import Settings
import TLS

let table = SettingsTable.platform(
    program: "crm-rpc",
    summary:
        "the TLS endpoint; without a command it serves, \"make-certificate\" makes a certificate for localhost",
    options: [
        .data, .listen, .certificate, .key, .connections, .connectionsPerSource, .log, .config,
        .readyDescriptor,
    ],
    operands: "[make-certificate]")

/// Ends the program with one line, and one of advice.
func fail(_ message: String, hint: String? = nil, code: Int32 = 1) -> Never {
    let lines = ["crm-rpc: \(message)"] + (hint.map { ["hint: \($0)"] } ?? [])
    FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
    exit(code)
}

func readSettings() -> SettingsValues {
    do throws(SettingsError) {
        return try table.read(
            arguments: Array(CommandLine.arguments.dropFirst()),
            environment: ProcessInfo.processInfo.environment, configFile: SettingsTable.systemConfigFile)
    } catch {
        fail(error.message, hint: error.hint, code: 2)
    }
}

/// Where the endpoint's files are in the data folder.
struct Places {
    let data: String
    let certificate: String
    let key: String

    init(_ values: SettingsValues) {
        data = values.path("data")
        certificate = values.pathIfSet("certificate") ?? "\(data)/endpoint/certificate.pem"
        key = values.pathIfSet("key") ?? "\(data)/endpoint/key.pem"
    }

    var kernelSocket: String { "\(data)/run/endpoint.sock" }
    var addressFile: String { "\(data)/run/endpoint.address" }

    /// The folders that are read again on SIGHUP; links are followed, since that is how certificates are renewed.
    var readableFolders: [String] {
        let files = [certificate, key].flatMap {
            [$0, URL(fileURLWithPath: $0).resolvingSymlinksInPath().path]
        }
        return Array(Set((files).map { ($0 as NSString).deletingLastPathComponent } + ["\(data)/endpoint"]))
    }
}

func makeCertificate(_ places: Places) {
    let folder = (places.certificate as NSString).deletingLastPathComponent
    if mkdir(folder, 0o700) != 0, errno != EEXIST {
        fail("could not make \"\(folder)\": \(String(cString: strerror(errno)))", hint: "Run crm init first.")
    }
    guard access(places.key, F_OK) != 0, access(places.certificate, F_OK) != 0 else {
        fail(
            "a certificate or key is already there",
            hint: "Remove \(places.certificate) and \(places.key) first.")
    }
    do throws(TLSError) {
        try SelfSignedCertificate.make(certificatePath: places.certificate, keyPath: places.key)
        let certificate = try Certificate(path: places.certificate)
        print("certificate \(places.certificate)\nfingerprint \(certificate.fingerprint)")
    } catch {
        fail(error.message, hint: error.hint)
    }
}

func serve(_ values: SettingsValues, _ places: Places) {
    let log = Log(room: "gateway", level: Log.Level(name: values.string("log")) ?? .info)
    var limits = GatewayLimits()
    limits.connections = values.integer("connections")
    limits.connectionsPerSource = values.integer("connections-per-source")
    Confinement.harden(connections: limits.connections)

    guard access(places.certificate, F_OK) == 0 else {
        fail(
            "there is no certificate at \"\(places.certificate)\"",
            hint: "Run: crm-rpc make-certificate --data \(places.data)")
    }
    let settings = GatewaySettings(
        listen: values.addressAndPort("listen").description, certificatePath: places.certificate,
        keyPath: places.key,
        kernelSocketPath: places.kernelSocket, loops: ProcessInfo.processInfo.activeProcessorCount,
        limits: limits,
        programVersion: PlatformVersion.current)
    let gateway: Gateway
    do throws(GatewayError) { gateway = try Gateway(settings, log: log) } catch {
        fail(error.message, hint: error.hint)
    }
    // Whoever started us on port 0 finds the port here; renamed into place, so that it is never read half.
    do {
        try Data("\(gateway.address)\n".utf8).write(
            to: URL(fileURLWithPath: places.addressFile), options: .atomic)
    } catch {
        fail("could not write \"\(places.addressFile)\"", hint: "Run crm init first: it makes the folder.")
    }

    // Before the first thread, so that all of them leave these signals to the wait below.
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGHUP, SIGTERM, SIGINT] { sigaddset(&signals, signal) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    switch Confinement.confineFiles(readableFolders: places.readableFolders) {
    case .confined(let version): log.info("files confined", ["landlock": version])
    case .unconfined(let reason): log.warning("files not confined", ["reason": reason])
    }
    gateway.start()
    if let descriptor = values.integerIfSet("ready-fd") {
        sayReady(on: Int32(descriptor), address: gateway.address)
    }
    log.info("listening", ["address": gateway.address, "version": PlatformVersion.current])
    waitForSignals(signals, gateway, log)
    gateway.stop()
    log.info("stopped")
}

/// Tells whoever started us that clients can connect, and where.
func sayReady(on descriptor: Int32, address: String) {
    let line = Array("\(SettingsTable.readyWord) \(address)\n".utf8)
    let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    if count != line.count { fail("could not write to descriptor \(descriptor)") }
}

/// Returns on SIGTERM or SIGINT. Between signals it keeps house: ticket keys change twice a day.
func waitForSignals(_ signals: sigset_t, _ gateway: Gateway, _ log: Log) {
    var signals = signals
    var halfDay = timespec(tv_sec: 12 * 3_600, tv_nsec: 0)
    while true {
        let signal = sigtimedwait(&signals, nil, &halfDay)
        do throws(TLSError) {
            switch signal {
            case SIGHUP: try gateway.reloadCertificate()
            case SIGTERM, SIGINT: return
            case -1 where errno == EAGAIN: try gateway.rotateTicketKeys()
            default: break
            }
        } catch {
            log.error("certificate not loaded", ["reason": error.message, "hint": error.hint ?? ""])
        }
    }
}

let values = readSettings()
if values.wantsHelp {
    print(table.helpText)
    exit(0)
}
switch values.operands {
case [], ["serve"]: serve(values, Places(values))
case ["make-certificate"]: makeCertificate(Places(values))
default:
    fail(
        "there is no command \"\(values.operands.joined(separator: " "))\"", hint: "Run crm-rpc --help.",
        code: 2)
}

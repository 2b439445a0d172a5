import Admin
import Foundation
import Settings

let environment = ProcessInfo.processInfo.environment
let session = Session(streams: Terminal(environment: environment), environment: environment) {
    session throws(AdminError) in
    try Connector.connect(session, programVersion: PlatformVersion.current)
}
let tool = AdminTool(
    session: session, readScript: ScriptFile.read, converse: { session in Prompt(session).run() })
exit(tool.run(Array(ProcessInfo.processInfo.arguments.dropFirst())).rawValue)

import CRMSDK
import Identity
import Records
import Registry
import Security
import Storage
import Wire

/// The pages behind links.
extension Dispatcher {
    func answerPage(_ call: CallFrame, _ callID: UInt64, _ buffer: inout [UInt8]) {
        do throws(CRMError) {
            guard let link = services.printLinks.link(named: call.body) else { throw .noSuchPage }
            let request = RequestFacts(
                requestID: call.requestID, peer: call.peer, token: link.token,
                deadline: .now + Dispatcher.deadline, door: link.door, peerUserID: link.peerUserID)
            guard let session = FileCaller.session(services, request) else { throw .noSuchPage }
            try session.checkMayCall(PrintMethods.action)
            let context = CallContext(
                principal: session.principal, source: request.source, method: PrintMethods.action,
                requestID: request.requestID, timeZone: session.user.timeZone, language: session.user.language
            )
            let (services, connection) = (services, connection)
            try scans.submit(for: session.principal.user) { reader in
                var bytes: [UInt8] = []
                do throws(CRMError) {
                    let page = try PrintMethods.page(link.parameters, context, services, reader)
                    ReplyFrame(status: 200, contentKind: .html, body: Array(page.utf8))
                        .encode(callID: callID, into: &bytes)
                } catch {
                    services.log.refusal(error, of: PrintMethods.action, requestID: request.requestID)
                    FileCaller.append(error, callID: callID, requestID: request.requestID, to: &bytes)
                }
                connection.send(bytes, .now)
            }
        } catch {
            FileCaller.append(error, callID: callID, requestID: call.requestID, to: &buffer)
        }
    }
}

extension CRMError {
    fileprivate static let noSuchPage = CRMError(
        .notFound, "there is no such page, or no more", hint: "Ask print.link for another.")
}

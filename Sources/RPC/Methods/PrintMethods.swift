import CRMSDK
import JSON
import Records
import Registry
import Storage

/// Printed documents for browsers.
enum PrintMethods {
    /// The action that prints.
    static let action = "core.print"

    static let all: [Method] = [
        Method(
            "print.link", needs: .session, .reads,
            "Prints a record and answers an address at which a browser finds it.",
            "The address is good for ten minutes, for whoever has it, as long as the session or key that made it. The page is "
                + "printed when it is fetched, with the rights that its maker has then. Everything else is as in core.print.",
            parameters: [
                Parameter("entity", .text, "The record's entity.", required: true),
                Parameter("id", .id(), "The record.", required: true),
                Parameter("template", .id(of: "print_template"), "By which template."),
                Parameter("language", .text, "BCP 47, such as de."),
            ],
            result: .object([
                Parameter("path", .text, "Behind the address of the server: /print/….", required: true),
                Parameter("seconds", .integer, "For how long.", required: true),
            ]), errors: [.notFound],
            example: .init(
                parameters: #"{"entity": "invoice", "id": 17}"#,
                result: #"{"path": "/print/Wm7qvJw0nE8c", "seconds": 600}"#)
        ) { scope throws(CRMError) in
            let call = try scope.context()
            let parameters = try ParameterReading.structured(
                scope.parameters, scope.method.parameters, try scope.fieldView())
            let (services, request) = (scope.services, scope.request)
            return .scan { reader, writer throws(CRMError) in
                // What cannot be printed now gets no address.
                _ = try page(parameters, call, services, reader)
                let name = services.printLinks.make(parameters, for: request)
                writer.beginObject()
                writer.key("path")
                writer.string("/print/\(name)")
                writer.key("seconds")
                writer.int(PrintLinks.life.components.seconds)
                writer.endObject()
            }
        }
    ]

    static func page(
        _ parameters: StructuredValue, _ call: CallContext, _ services: KernelServices,
        _ reader: ReadConnection
    ) throws(CRMError) -> String {
        let snapshot = services.snapshots.current
        guard let registered = snapshot.registry.actions[action] else {
            throw CRMError(.unavailable, "nothing can be printed now")
        }
        let printed = try services.records.act(registered, parameters, call, snapshot, on: reader)
        return printed["html"]?.value.text ?? ""
    }
}

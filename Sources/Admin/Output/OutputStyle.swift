import Text

/// How a command's data is printed: decided by options, then `CRM_OUTPUT`, then where standard output goes.
package struct OutputStyle: Equatable, Sendable {
    package enum Format: String, Sendable, CaseIterable {
        /// Aligned columns, for people.
        case table
        /// One line for each field.
        case expanded
        /// Columns parted by tabs, for scripts.
        case tsv
        /// RFC 4180.
        case csv
        /// The method's result, as the kernel gave it.
        case json
        /// One record in a line.
        case jsonl

        /// Of columns that the command chooses; JSON has everything but where --columns says what.
        var isTable: Bool { self != .json && self != .jsonl }

        var isForPeople: Bool { self == .table || self == .expanded }
    }

    package var format: Format
    package var hasHeader = true
    /// Bold and red; never for a pipe, nor with `NO_COLOR`.
    package var isColoured = false
    /// Cells of a line; a table's longest cells are cut to fit. nil: nothing is cut.
    package var width: Int?
    /// The columns that were asked for; nil leaves them to the command.
    package var columns: [String]?

    package init(_ format: Format) { self.format = format }

    init(_ line: CommandLine, _ session: Session) throws(AdminError) {
        let streams = session.streams
        format = streams.isOutputTerminal ? (session.isExpanded ? .expanded : .table) : .tsv
        let options = session.options.merging(line.options) { _, own in own }
        if let name = session.environment["CRM_OUTPUT"], !name.isEmpty {
            format = try Self.format(name, from: "CRM_OUTPUT")
        }
        if let name = options["output"]?.last { format = try Self.format(name, from: "--output") }
        if options["json"] != nil { format = .json }
        if options["csv"] != nil { format = .csv }
        hasHeader = options["no-header"] == nil
        if let names = options["columns"]?.last {
            columns = names.split(separator: ",").map { String($0.drop { $0 == " " }) }
        }
        if streams.isOutputTerminal {
            isColoured = Terminal.allowsColour(session.environment)
            width = streams.width
        }
    }

    private static func format(_ name: String, from place: String) throws(AdminError) -> Format {
        if let format = Format(rawValue: name) { return format }
        let names = Format.allCases.map(\.rawValue)
        throw .usage(
            "\(place) cannot be \"\(name)\"",
            hint: Spelling.suggestion(for: name, among: names)
                ?? "Give one of \(names.joined(separator: ", ")).")
    }
}

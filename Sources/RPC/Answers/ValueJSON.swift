package import CRMSDK
import Crypto
package import JSON
package import Query

/// Writes SDK values as JSON, as a record's answer shows them: what actions answer, and what the change log keeps.
package struct ValueJSON {
    private let currencies: CurrencyDirectory

    /// - Parameter currencies: give amounts the decimals of their currency.
    package init(_ currencies: CurrencyDirectory) { self.currencies = currencies }

    package func write(_ value: Value, to writer: inout JSONWriter) {
        switch value {
        case .null: writer.null()
        case .bool(let payload): writer.bool(payload)
        case .integer(let payload): writer.int(payload)
        case .decimal(let payload):
            writer.scaledDecimalString(
                payload.units, scale: payload.scale, minimumFractionDigits: payload.scale)
        case .money(let payload):
            writer.beginObject()
            writer.key("amount")
            writer.scaledDecimalString(
                payload.tenThousandths, scale: 4,
                minimumFractionDigits: currencies[payload.currency]?.decimals ?? 2)
            writer.key("currency")
            writer.string(payload.currency.description)
            writer.endObject()
        case .text(let payload): writer.string(payload)
        case .bytes(let payload): writer.string(Base64.encode(payload))
        case .date(let payload): writer.calendarDateString(daysSince1970: payload.daysSince1970)
        case .time(let payload): writer.string(payload.description)
        case .instant(let payload): writer.instantString(millisecondsSince1970: payload.millisecondsSince1970)
        case .reference(let payload): writer.int(payload.rawValue)
        case .list(let payload):
            writer.beginArray()
            for element in payload { write(element, to: &writer) }
            writer.endArray()
        case .other(let payload):
            if let file = value.file { return Self.write(file, to: &writer) }
            guard let lines = payload.lines else { return writer.string(payload.kind) }
            writer.beginArray()
            for line in lines { write(line, to: &writer) }
            writer.endArray()
        }
    }

    package static func write(_ file: FileValue?, to writer: inout JSONWriter) {
        guard let file else { return writer.null() }
        writer.beginObject()
        writer.key("name")
        writer.string(file.name)
        writer.key("media_type")
        writer.string(file.mediaType)
        writer.key("size")
        writer.int(file.byteCount)
        writer.key("sha256")
        writer.string(file.sha256)
        writer.endObject()
    }

    /// Its id, where it has one, and its fields by name.
    private func write(_ line: Line, to writer: inout JSONWriter) {
        writer.beginObject()
        if let id = line.id {
            writer.key("id")
            writer.int(id.rawValue)
        }
        for (name, value) in line.values.sorted(by: { $0.key < $1.key }) {
            writer.key(name)
            write(value, to: &writer)
        }
        writer.endObject()
    }

    package func write(_ structure: StructuredValue, to writer: inout JSONWriter) {
        switch structure.content {
        case .value(let value): write(value, to: &writer)
        case .list(let elements):
            writer.beginArray()
            for element in elements { write(element, to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.name)
                write(member.value, to: &writer)
            }
            writer.endObject()
        }
    }
}

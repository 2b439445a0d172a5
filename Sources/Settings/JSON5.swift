package import Foundation

/// JSON with comments, unquoted names and commas at the end (json5.org): what people write by hand. Read by Foundation.
package enum JSON5 {
    /// Why bytes are not JSON5, in Foundation's own words, which name line and column, without the wrapping.
    package struct Refusal: Error {
        package let reason: String
        /// One sentence of advice.
        package let hint = "JSON5 is JSON with comments, unquoted names and commas at the end."
    }

    package static func decode<Value: Decodable>(_ data: Data) throws(Refusal) -> Value {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        do {
            return try decoder.decode(Value.self, from: data)
        } catch DecodingError.dataCorrupted(let context) {
            let cause = (context.underlyingError as? NSError)?.userInfo[NSDebugDescriptionErrorKey] as? String
            throw Refusal(reason: cause ?? context.debugDescription)
        } catch {
            throw Refusal(reason: "\(error)")
        }
    }
}

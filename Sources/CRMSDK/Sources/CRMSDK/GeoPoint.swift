import Foundation

/// A point on the earth, WGS 84, exact to a ten-millionth of a degree (about a centimetre): `52.5200066,13.404954`.
///
/// Fields of type `place` hold one, as this text.
public struct GeoPoint: Hashable, Sendable, CustomStringConvertible {
    /// In ten-millionths of a degree, north positive: -900,000,000 … 900,000,000.
    public let latitude: Int32
    /// In ten-millionths of a degree, east positive: -1,800,000,000 … 1,799,999,999. 180° and -180° are one.
    public let longitude: Int32

    /// The mean radius of the earth in metres (IUGG R1). Taking it for a sphere makes distances wrong by at most 0.6 %.
    public static let earthRadiusMetres = 6_371_008.8

    public static let unitsPerDegree: Int32 = 10_000_000
    private static let latitudes: ClosedRange<Int32> = -900_000_000...900_000_000
    private static let longitudes: ClosedRange<Int32> = -1_800_000_000...1_800_000_000

    /// Nil outside of the earth.
    public init?(latitude: Int32, longitude: Int32) {
        guard Self.latitudes.contains(latitude), Self.longitudes.contains(longitude) else { return nil }
        self.latitude = latitude
        self.longitude = longitude == Self.longitudes.upperBound ? Self.longitudes.lowerBound : longitude
    }

    /// Reads `LATITUDE,LONGITUDE` in degrees, at most seven decimals each, or the same as a `geo:` URI (RFC 5870).
    public init?(_ text: String) {
        let plain = text.hasPrefix("geo:") ? text.dropFirst(4) : text[...]
        let parts = plain.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0).trimmingCharacters(in: .whitespaces)
        }
        guard parts.count == 2, let latitude = Self.units(parts[0]), let longitude = Self.units(parts[1])
        else { return nil }
        self.init(latitude: latitude, longitude: longitude)
    }

    private static func units(_ text: String) -> Int32? {
        (try? FixedDecimal(parsing: text, scale: 7)).flatMap { Int32(exactly: $0.units) }
    }

    public var description: String { "\(Self.degrees(latitude)),\(Self.degrees(longitude))" }

    /// Without zeros at the end.
    private static func degrees(_ units: Int32) -> String {
        let magnitude = units.magnitude
        let (whole, part) = magnitude.quotientAndRemainder(dividingBy: unitsPerDegree.magnitude)
        let sign = units < 0 ? "-" : ""
        guard part > 0 else { return "\(sign)\(whole)" }
        let digits = String(part)
        var decimals = String(repeating: "0", count: 7 - digits.count) + digits
        while decimals.last == "0" { decimals.removeLast() }
        return "\(sign)\(whole).\(decimals)"
    }

    /// Along the great circle, in metres (haversine formula).
    public func distance(to other: GeoPoint) -> Double {
        let radians = Double.pi / 180 / Double(Self.unitsPerDegree)
        let (from, to) = (Double(latitude) * radians, Double(other.latitude) * radians)
        let north = sin((to - from) / 2)
        let east = sin((Double(other.longitude) - Double(longitude)) * radians / 2)
        let chord = north * north + cos(from) * cos(to) * east * east
        return 2 * Self.earthRadiusMetres * asin(min(1, chord.squareRoot()))
    }
}

/// Whatever lies within a distance of a point: what the filter `near` takes, `["52.52,13.405", "25 km"]`.
public struct GeoCircle: Hashable, Sendable {
    public let centre: GeoPoint
    public let radiusMetres: Double

    /// By name; a mile is 1,609.344 m.
    private static let units = ["m": 1.0, "km": 1_000.0, "mi": 1_609.344]

    public init(centre: GeoPoint, radiusMetres: Double) {
        self.centre = centre
        self.radiusMetres = radiusMetres
    }

    /// - Parameter distance: a number above zero with its unit: `500 m`, `25 km`, `10.5 mi`. Half the earth's girth at
    ///   most.
    public init?(centre: GeoPoint, distance: String) {
        let parts = distance.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, let unit = Self.units[String(parts[1])],
            let number = try? FixedDecimal(parsing: String(parts[0]), scale: 3), number.units > 0
        else { return nil }
        let metres = Double(number.units) / 1_000 * unit
        guard metres <= GeoPoint.earthRadiusMetres * .pi else { return nil }
        self.centre = centre
        radiusMetres = metres
    }

    /// Reads a filter's operand: a list of two texts, the point and the distance.
    public init?(_ operand: Value) {
        guard case .list(let parts) = operand, parts.count == 2,
            let point = parts[0].text.flatMap({ GeoPoint($0) }),
            let distance = parts[1].text
        else { return nil }
        self.init(centre: point, distance: distance)
    }

    public func contains(_ point: GeoPoint) -> Bool { centre.distance(to: point) <= radiusMetres }
}

import CRMSDK
import Registry
import TestRandom
import Testing

@Suite("Places: one order for all points of the earth")
struct ZOrderTests {
    static func point(_ latitude: Double, _ longitude: Double) -> GeoPoint {
        GeoPoint(latitude: Int32((latitude * 1e7).rounded()), longitude: Int32((longitude * 1e7).rounded()))!
    }

    /// Anywhere, and now and then on an edge.
    static func random(_ random: inout SeededRandom) -> GeoPoint {
        let latitudes: [Int32] = [-900_000_000, 0, 900_000_000]
        let longitudes: [Int32] = [-1_800_000_000, 0, 1_799_999_999]
        return GeoPoint(
            latitude: Bool.random(using: &random) || Bool.random(using: &random)
                ? Int32.random(in: -900_000_000...900_000_000, using: &random)
                : latitudes.randomElement(using: &random)!,
            longitude: Bool.random(using: &random) || Bool.random(using: &random)
                ? Int32.random(in: -1_800_000_000...1_799_999_999, using: &random)
                : longitudes.randomElement(using: &random)!)!
    }

    @Test("a point is read from what it prints, and found again by its number")
    func roundTrips() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for _ in 0..<2_000 {
            let point = Self.random(&random)
            #expect(GeoPoint(point.description) == point, "seed \(seed)")
            let code = ZOrder.code(of: point)
            #expect(code >= 0 && ZOrder.point(code) == point, "seed \(seed)")
        }
    }

    @Test("a number that is no point's is none", arguments: [-1, .max, .min] as [Int64])
    func noPoint(_ code: Int64) { #expect(ZOrder.point(code) == nil) }

    @Test("whatever a circle contains lies in one of its ranges, of which there are no more than asked for")
    func covering() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed)
        for round in 0..<400 {
            let centre = Self.random(&random)
            // From a metre to half around the earth.
            let metres = 20_000_000 / Double(UInt64(1) << UInt64.random(in: 0...24, using: &random))
            let circle = GeoCircle(centre: centre, radiusMetres: metres)
            let limit = [1, 4, 8, 16].randomElement(using: &random)!
            let ranges = ZOrder.ranges(covering: circle, limit: limit)
            #expect(
                !ranges.isEmpty && ranges.count <= limit,
                "seed \(seed), round \(round): \(ranges.count) of \(limit)")
            #expect(
                zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "seed \(seed)")
            for _ in 0..<50 {
                let point = Self.near(centre, metres, &random)
                guard circle.contains(point) else { continue }
                let code = ZOrder.code(of: point)
                #expect(
                    ranges.contains { $0.contains(code) },
                    "seed \(seed), round \(round): \(point) within \(metres) m of \(centre)")
            }
        }
    }

    /// Somewhere in a box about as large as the circle, over poles and the 180th meridian too.
    static func near(_ centre: GeoPoint, _ metres: Double, _ random: inout SeededRandom) -> GeoPoint {
        let reach = Int64(min(metres / 0.0111, 900_000_000))
        let latitude = Int64(centre.latitude) + Int64.random(in: -reach...reach, using: &random)
        let wide = Int64(min(Double(reach) * 20, 1_800_000_000))
        var longitude = Int64(centre.longitude) + Int64.random(in: -wide...wide, using: &random)
        if longitude < -1_800_000_000 { longitude += 3_600_000_000 }
        if longitude >= 1_800_000_000 { longitude -= 3_600_000_000 }
        return GeoPoint(
            latitude: Int32(min(max(latitude, -900_000_000), 900_000_000)), longitude: Int32(longitude))!
    }

    @Test(
        "a small circle needs few of all numbers",
        arguments: [(52.52, 13.405), (0, 0), (-33.86, 151.2), (48, 180), (89.9, 10)])
    func selective(_ latitude: Double, _ longitude: Double) {
        let circle = GeoCircle(centre: Self.point(latitude, longitude), radiusMetres: 1_000)
        let share = ZOrder.ranges(covering: circle, limit: 8).reduce(0.0) {
            $0 + Double($1.upperBound - $1.lowerBound) / Double(Int64.max)
        }
        // 1 km around a point is a ten-millionth of the earth.
        #expect(share < 0.001, "\(share)")
    }

    @Test(
        "distances along the great circle",
        arguments: [
            // Kilometres, to the sphere's accuracy.
            (52.5200066, 13.404954, 48.856614, 2.3522219, 877.46),
            (40.7128, -74.006, 51.5074, -0.1278, 5_570.2),
            (0, 0, 0, 180, 20_015.1), (90, 0, -90, 77, 20_015.1), (10, 179.9, 10, -179.9, 21.9),
            (5, 5, 5, 5, 0),
        ])
    func distances(_ values: (Double, Double, Double, Double, Double)) {
        let (a, b) = (Self.point(values.0, values.1), Self.point(values.2, values.3))
        #expect(abs(a.distance(to: b) / 1_000 - values.4) < 0.1 + values.4 * 0.0005)
        #expect(a.distance(to: b) == b.distance(to: a))
    }

    @Test(
        "a distance has a number above zero and a unit",
        arguments: [
            ("500 m", 500), ("25 km", 25_000), ("10.5 mi", 16_898.112), ("0 km", nil), ("-1 km", nil),
            ("25", nil),
            ("25km", nil), ("25 miles", nil), ("20100 km", nil), ("1e3 m", nil), ("0.0001 m", nil),
        ] as [(String, Double?)])
    func radii(_ text: String, _ metres: Double?) {
        let circle = GeoCircle(centre: Self.point(0, 0), distance: text)
        #expect(circle.map { abs($0.radiusMetres - (metres ?? -1)) < 0.000_1 } ?? (metres == nil))
    }
}

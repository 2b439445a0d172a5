package import CRMSDK
import Foundation

/// Points of the earth in one order in which what is near mostly stays near: the bits of latitude and longitude taken
/// in turn (Morton 1966). A region becomes a few ranges of numbers, which an ordinary index can walk.
package enum ZOrder {
    /// The point's number; never negative, since a latitude needs 31 bits.
    package static func code(of point: GeoPoint) -> Int64 {
        let (latitude, longitude) = units(point)
        return Int64(bitPattern: spread(latitude) << 1 | spread(longitude))
    }

    /// Nil for a number that is no point's.
    package static func point(_ code: Int64) -> GeoPoint? {
        let bits = UInt64(bitPattern: code)
        let latitude = Int64(gathered(bits >> 1)) - 900_000_000
        let longitude = Int64(gathered(bits)) - 1_800_000_000
        guard let latitude = Int32(exactly: latitude), let longitude = Int32(exactly: longitude) else {
            return nil
        }
        return GeoPoint(latitude: latitude, longitude: longitude)
    }

    /// Both from zero.
    private static func units(_ point: GeoPoint) -> (latitude: UInt32, longitude: UInt32) {
        (UInt32(Int64(point.latitude) + 900_000_000), UInt32(Int64(point.longitude) + 1_800_000_000))
    }

    /// A bit between every two.
    private static func spread(_ value: UInt32) -> UInt64 {
        var bits = UInt64(value)
        bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
        bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF
        bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F
        bits = (bits | bits << 2) & 0x3333_3333_3333_3333
        return (bits | bits << 1) & 0x5555_5555_5555_5555
    }

    private static func gathered(_ value: UInt64) -> UInt32 {
        var bits = value & 0x5555_5555_5555_5555
        bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
        bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F
        bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF
        bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF
        bits = (bits | bits >> 16) & 0x0000_0000_FFFF_FFFF
        return UInt32(truncatingIfNeeded: bits)
    }

    // MARK: Regions

    /// The ranges in which every point of a circle lies, at most `limit` of them, in order and apart from each other.
    /// They hold points of other places too; the distance decides.
    package static func ranges(covering circle: GeoCircle, limit: Int) -> [ClosedRange<Int64>] {
        let boxes = Box.covering(circle)
        var found: [ClosedRange<Int64>] = []
        // Quarters of the whole, then quarters of those that the region cuts, as long as there may be more ranges.
        var open = [Cell.whole]
        while !open.isEmpty, found.count + open.count * 4 <= limit * 4 {
            var next: [Cell] = []
            for cell in open {
                if boxes.contains(where: { $0.contains(cell) }) || cell.level == 0 {
                    found.append(cell.range)
                } else {
                    next += cell.quarters.filter { quarter in boxes.contains { $0.meets(quarter) } }
                }
            }
            guard found.count + next.count <= limit else {
                found += open.filter { cell in !found.contains(cell.range) }.map(\.range)
                open = []
                break
            }
            open = next
        }
        return merged(found + open.map(\.range))
    }

    private static func merged(_ ranges: [ClosedRange<Int64>]) -> [ClosedRange<Int64>] {
        var merged: [ClosedRange<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    /// A square of the curve: 2^level units wide, at a multiple of that.
    private struct Cell {
        let latitude: UInt32
        let longitude: UInt32
        let level: Int

        static let whole = Cell(latitude: 0, longitude: 0, level: 32)

        private var reach: UInt32 { level >= 32 ? .max : (1 << level) - 1 }
        var lastLatitude: UInt32 { latitude | reach }
        var lastLongitude: UInt32 { longitude | reach }

        var range: ClosedRange<Int64> {
            let first = ZOrder.spread(latitude) << 1 | ZOrder.spread(longitude)
            let last = ZOrder.spread(lastLatitude) << 1 | ZOrder.spread(lastLongitude)
            // The topmost bit is a latitude's and never set in a point.
            return Int64(bitPattern: first)...Int64(clamping: last)
        }

        var quarters: [Cell] {
            let half: UInt32 = 1 << (level - 1)
            return [(0, 0), (0, half), (half, 0), (half, half)].map {
                Cell(latitude: latitude | $0.0, longitude: longitude | $0.1, level: level - 1)
            }
        }
    }

    /// A stretch of latitudes and longitudes, in units from zero.
    private struct Box {
        let latitudes: ClosedRange<UInt32>
        let longitudes: ClosedRange<UInt32>

        /// One box, or two where the circle crosses the 180th meridian; all longitudes where it holds a pole.
        static func covering(_ circle: GeoCircle) -> [Box] {
            let perDegree = Double(GeoPoint.unitsPerDegree)
            let angle = circle.radiusMetres / GeoPoint.earthRadiusMetres
            let degrees = 180 / Double.pi
            // A unit more on each side: rounding shall leave nothing out.
            let height = (angle * degrees * perDegree).rounded(.up) + 1
            let (latitude, longitude) = (Double(circle.centre.latitude), Double(circle.centre.longitude))
            let (south, north) = (latitude - height, latitude + height)
            let pole = 90 * perDegree
            let latitudes = UInt32(max(south, -pole) + pole)...UInt32(min(north, pole) + pole)
            let whole = Box(latitudes: latitudes, longitudes: 0...3_599_999_999)
            guard south > -pole, north < pole, angle < .pi / 2 else { return [whole] }
            let ratio = sin(angle) / cos(latitude / perDegree / degrees)
            guard ratio < 1 else { return [whole] }
            let width = (asin(ratio) * degrees * perDegree).rounded(.up) + 1
            let turn = 360 * perDegree
            let (west, east) = (longitude - width + turn / 2, longitude + width + turn / 2)
            guard east - west < turn else { return [whole] }
            let last = turn - 1
            func box(_ from: Double, _ to: Double) -> Box {
                Box(latitudes: latitudes, longitudes: UInt32(max(from, 0))...UInt32(min(to, last)))
            }
            if west < 0 { return [box(0, east), box(west + turn, last)] }
            if east > last { return [box(west, last), box(0, east - turn)] }
            return [box(west, east)]
        }

        func contains(_ cell: Cell) -> Bool {
            latitudes.contains(cell.latitude) && latitudes.contains(cell.lastLatitude)
                && longitudes.contains(cell.longitude) && longitudes.contains(cell.lastLongitude)
        }

        func meets(_ cell: Cell) -> Bool {
            latitudes.overlaps(cell.latitude...cell.lastLatitude)
                && longitudes.overlaps(cell.longitude...cell.lastLongitude)
        }
    }
}

extension GeoCircle {
    /// As it is bound to a statement: centre in units, and metres.
    package var bound: String { "\(centre.latitude) \(centre.longitude) \(radiusMetres)" }

    package init?(bound text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 3, let latitude = Int32(parts[0]), let longitude = Int32(parts[1]),
            let metres = Double(parts[2]), let centre = GeoPoint(latitude: latitude, longitude: longitude)
        else { return nil }
        self.init(centre: centre, radiusMetres: metres)
    }
}

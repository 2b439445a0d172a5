import CRMSDK
import Registry

/// Whether places lie in a circle; the circle of a statement is read once. Of one connection, so of one thread.
final class Nearness {
    private var text = ""
    private var circle: GeoCircle?

    /// - Parameter text: as `GeoCircle.bound` writes it.
    func holds(_ code: Int64, _ text: String) -> Bool {
        if text != self.text {
            self.text = text
            circle = GeoCircle(bound: text)
        }
        guard let circle, let point = ZOrder.point(code) else { return false }
        return circle.contains(point)
    }
}

import Foundation
import JSON

/// What the files of the Northwind company say, added up with Foundation's decimals: nothing here is the platform's own
/// arithmetic. The platform's rule: a line's discount is rounded to cents, half away from zero, and taken off its gross.
struct NorthwindFiles {
    struct Order {
        var customer = ""
        var employee = ""
        var lines = 0
        /// Never rounded.
        var exact = Decimal(0)
        /// By the platform's rule.
        var stated = Decimal(0)
        /// Each line's net rounded, half away from zero and half to even.
        var halfUp = Decimal(0)
        var halfEven = Decimal(0)
    }

    let facts: JSONNode
    private(set) var orders: [String: Order] = [:]
    /// Lines whose exact net ends in half a cent.
    private(set) var halves = 0

    /// Read once: all tests want the same.
    static let all = Result { try NorthwindFiles() }

    private init() throws {
        let path = Files.repository("Tests/Fixtures/northwind/facts.json")
        facts = try JSONDocument(parsing: String(contentsOfFile: path, encoding: .utf8)).root
        // Only columns behind others that need no quotes are read, so that splitting at commas is enough.
        for row in try Self.rows("orders.csv") {
            orders[row[0]] = Order(customer: row[1], employee: row[2])
        }
        for row in try Self.rows("order_details.csv") {
            try add(
                price: Self.decimal(row[2]), quantity: Self.decimal(row[3]), discount: Self.decimal(row[4]),
                to: row[0])
        }
    }

    private mutating func add(price: Decimal, quantity: Decimal, discount: Decimal, to order: String) {
        let gross = price * quantity
        let net = gross * (1 - discount)
        orders[order]?.lines += 1
        orders[order]?.exact += net
        orders[order]?.stated += Self.rounded(gross) - Self.rounded(gross * discount)
        orders[order]?.halfUp += Self.rounded(net)
        orders[order]?.halfEven += Self.rounded(net, .bankers)
        if abs(net - Self.rounded(net)) == Decimal(5) / 1000 { halves += 1 }
    }

    /// One figure of all orders, or of those that `isMeant` picks.
    func sum(_ figure: KeyPath<Order, Decimal>, where isMeant: (Order) -> Bool = { _ in true }) -> Decimal {
        orders.values.filter(isMeant).reduce(0) { $0 + $1[keyPath: figure] }
    }

    /// To cents; `.plain` is half away from zero.
    static func rounded(_ value: Decimal, _ mode: NSDecimalNumber.RoundingMode = .plain) -> Decimal {
        var (result, value) = (Decimal(), value)
        NSDecimalRound(&result, &value, 2, mode)
        return result
    }

    static func decimal(_ text: String) throws -> Decimal {
        guard let value = Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")) else {
            throw Unreadable(text: text)
        }
        return value
    }

    struct Unreadable: Error { let text: String }

    private static func rows(_ name: String) throws -> [[String]] {
        try String(contentsOfFile: Files.repository("config/demo/northwind/\(name)"), encoding: .utf8)
            .split(separator: "\r\n").dropFirst().map {
                $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            }
    }
}

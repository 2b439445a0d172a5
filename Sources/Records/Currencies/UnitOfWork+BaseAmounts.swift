import CRMSDK
import Query
import Registry
import Storage

/// Amounts in the base currency follow the others of the record, whatever hooks have made of them.
extension UnitOfWork {
    /// - Parameter createdAt: nil for a record that is being made.
    func settleBaseAmounts(
        _ entity: Entity, _ values: inout [String: Value], createdAt: Instant?
    ) throws(CRMError) {
        let currencies = snapshot.currencies
        var problems: [FieldProblem] = []
        for amount in entity.baseAmounts {
            guard let money = values[amount.source.name]?.money else {
                values[amount.field.name] = .null
                continue
            }
            let day =
                amount.date.flatMap { values[$0.name]?.date } ?? (createdAt ?? transaction.now).dateInUTC
            let currency = values[amount.currency.name]?.reference ?? currencies.base.id
            do throws(CRMError) {
                let units = try currencies.inBase(money.tenThousandths, currency, on: day)
                values[amount.field.name] = .money(
                    Money(tenThousandths: units, currency: currencies.base.code))
            } catch {
                let advice = error.hint.map { ". " + $0 } ?? ""
                problems.append(
                    FieldProblem(
                        field: amount.source.name, code: "rule",
                        message: "\(amount.source.label): \(error.message)\(advice)"))
            }
        }
        guard problems.isEmpty else { throw .invalidRecord(entity.name, problems) }
    }
}

import CRMSDK

/// A new document takes the addresses of its account where it brings none: a whole address, never parts of two.
enum PartyAddress {
    static func hook(_ kind: DocumentKind) -> [Hook] {
        guard !kind.isPurchase else { return [] }
        return [
            Hook("address_\(kind.entity)", on: kind.entity, [.beforeCreate]) {
                change, context throws(CRMError) in
                guard !RequiredFields.isImport(context), let account = change["account"].reference else {
                    return
                }
                let party = try context.get("account", account)
                for side in ["billing", "shipping"] {
                    let names = Address.fields(side, "").map(\.name)
                    guard names.allSatisfy({ change[$0].isNull }) else { continue }
                    for name in names where !party[name].isNull { change[name] = party[name] }
                }
            }
        ]
    }
}

import CRMSDK

/// The general ledger accounts that are shipped; a company puts its own chart in their place.
enum Accounts {
    static let values = [
        "300-Sales-Software", "301-Sales-Hardware", "302-Rental-Income", "303-Interest-Income",
        "304-Sales-Software-Support", "305-Sales-Other", "306-Internet-Sales", "307-Service-Hardware-Labor",
        "308-Sales-Books",
    ].map { PicklistValue($0) }
}

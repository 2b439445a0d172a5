import CRMSDK

/// A day, ISO 8601: `2026-11-22`.
struct DateKind: FieldKind {
    let name = "date"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forTime
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .date }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .date(let date) = value, (CalendarDate.minimum...CalendarDate.maximum).contains(date)
        else {
            throw .type(field, wants: "a date such as 2026-11-22")
        }
        return value
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard let date = CalendarDate(text) else {
            throw FieldRefusal(
                "format", "\(field.label) \"\(text.prefix(40))\" is not a date such as 2026-11-22")
        }
        return .date(date)
    }
}

/// A time of day without zone: `15:24` or `15:24:20`.
struct TimeKind: FieldKind {
    let name = "time"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forOrder
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .time }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .time(let time) = value, (0..<86_400_000).contains(time.milliseconds) else {
            throw .type(field, wants: "a time of day such as 15:24")
        }
        return value
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard let time = TimeOfDay(text) else {
            throw FieldRefusal(
                "format", "\(field.label) \"\(text.prefix(40))\" is not a time of day such as 15:24")
        }
        return .time(time)
    }
}

/// A moment, RFC 3339 with a zone: `2026-11-22T15:24:20Z`; kept and answered in UTC to the millisecond.
struct DatetimeKind: FieldKind {
    let name = "datetime"
    let storage = StorageClass.integer
    let comparisons = FilterOperator.forTime
    let ordering: Ordering? = .stored

    func wire(_ type: FieldType) -> WireForm { .instant }

    func accept(_ value: Value, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard case .instant = value else {
            throw .type(field, wants: "a moment such as 2026-11-22T15:24:20Z")
        }
        return value
    }

    func parse(_ text: String, for field: FieldDefinition) throws(FieldRefusal) -> Value {
        guard let instant = Instant(text) else {
            throw FieldRefusal(
                "format", "\(field.label) \"\(text.prefix(40))\" is not a moment such as 2026-11-22T15:24:20Z"
            )
        }
        return .instant(instant)
    }
}

/// Exchange rates: what one unit of the base currency is worth, from a day on.
enum RateCommands {
    static let all: [Command] = [
        Command(
            "rate", "list", .reads, "exchange rates, newest first",
            options: FilterOptions.options + RecordCommands.pageOptions,
            examples: ["rate list --where currency.code=USD"]
        ) { run throws(AdminError) in
            try RecordCommands.list("exchange_rate", run, columns: nil)
        },
        Command(
            "rate", "add", .writes, "give a currency a rate from a day on",
            details: """
                RATE is units of the currency for one unit of the base currency. It counts until the currency's next rate.
                A day in the past is welcome: amounts in the base currency are worked out again in the background.
                """,
            operands: [.init("CURRENCY", .text), .init("DAY", .text), .init("RATE", .text)],
            examples: ["rate add USD 2026-11-22 1.0837"]
        ) { run throws(AdminError) in
            let (code, day, rate) = (try run.required(0), try run.required(1), try run.required(2))
            var parameters = run.writeParameters
            parameters.set("entity", "exchange_rate")
            parameters.set(
                "values",
                try FieldValues(entity: "exchange_rate", session: run.session).read([
                    "currency=code:\(code)", "valid_from=\(day)", "rate=\(rate)",
                ]))
            run.printObject(try run.call("record.create", parameters))
            run.say("\(code) is \(rate) from \(day)")
        },
    ]
}

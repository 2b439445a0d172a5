// crm-kernel: owns the data. Alone opens the database, loads modules and decides who may do what; has no network port.

import CRMSDK
import Foundation
import Log
import Settings

let values = KernelSettings.read()
let settings = KernelSettings(values)
if values.wantsHelp {
    print(KernelSettings.table.helpText, terminator: "")
    exit(0)
}

guard !Hardening.hasForeignRights else {
    KernelSettings.fail(
        "the program has a set-user-id bit", hint: "Take it away and run it as the user whose data it is.")
}
Hardening.apply()
do throws(CRMError) {
    switch values.operands {
    case ["init"]: try KernelInit(settings).run()
    case ["serve"]: try KernelServe(settings).run()
    case _ where values.operands.first == "restore" && values.operands.count == 2:
        try KernelRestore(settings, backup: values.operands[1]).run()
    case ["version"]: print("crm-kernel \(KernelSettings.version)")
    default:
        KernelSettings.fail(
            "say what to do: init, serve, restore or version", hint: "See crm-kernel --help.", code: 2)
    }
} catch {
    settings.log.debug("ended", ["detail": error.detail ?? "none"])
    KernelSettings.fail(error.message, hint: error.hint)
}

import Glibc
import ModuleTemplate
import Supervisor

let module = CommandLineTool.OtherCommand("module", "new NAME: write the package of a new module") {
    arguments in
    ModuleTool.run(arguments: arguments)
}
exit(CommandLineTool.run(arguments: Array(CommandLine.arguments.dropFirst()), others: [module]))

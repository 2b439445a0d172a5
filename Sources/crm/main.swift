import Glibc
import Supervisor

exit(CommandLineTool.run(arguments: Array(CommandLine.arguments.dropFirst())))

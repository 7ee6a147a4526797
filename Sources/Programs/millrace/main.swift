import Glibc

exit(ServeCommand.run(Array(CommandLine.arguments.dropFirst(2))))

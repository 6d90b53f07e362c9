import FoundationEssentials
import Glibc

@main
enum Main {
    static func main() async {
        // A reader that has gone is told by the failed write, which ends the program quietly.
        signal(SIGPIPE, SIG_IGN)
        Allocator.prepare()
        let words = Array(CommandLine.arguments.dropFirst())
        let code = await Program.run(words, environment: ProcessInfo.processInfo.environment)
        exit(code.rawValue)
    }
}

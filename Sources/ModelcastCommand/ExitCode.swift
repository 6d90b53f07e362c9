/// How the program ends, for the shell.
enum ExitCode: Int32, Sendable {
    /// The job is done.
    case done = 0
    /// The job failed.
    case failed = 1
    /// The command line, the environment or a configuration file asks for something that has no meaning
    /// (`EX_USAGE` of sysexits.h).
    case usage = 64
}

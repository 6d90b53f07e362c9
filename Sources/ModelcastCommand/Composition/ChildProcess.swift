import Basics
import FoundationEssentials
import Glibc

/// A shell command that the program starts, with its standard streams shared.
struct ChildProcess: Sendable {
    /// What `/bin/sh -c` runs.
    let command: String
    /// Variables beside those of this process.
    let environment: [String: String]
    /// Whether its standard output goes to standard error.
    var isOutputAside = false

    /// Runs it to its end, on a thread of its own. Throws when it cannot be started or ends with another
    /// status than 0.
    func run() async throws {
        let status = try await ThreadExecutor(name: "child").run { () throws in try spawnAndWait() }
        guard status != 0 else { return }
        // The lower seven bits name the signal that ended it, the next byte is its exit status
        // (<sys/wait.h>).
        let signal = status & 0x7f
        throw CommandError(
            .child,
            signal == 0
                ? "'\(command)' ended with status \((status >> 8) & 0xff)"
                : "'\(command)' was ended by signal \(signal)",
            hint: "its own output says why", recovery: .fixInput)
    }

    private func spawnAndWait() throws -> Int32 {
        let process = try start()
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else {
                throw CommandError(
                    .child, "cannot wait for '\(command)': \(SystemError.text(errno))", recovery: .retry)
            }
        }
        return status
    }

    /// Starts it. Whoever calls this waits for the process.
    func start() throws -> pid_t {
        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let words = ["sh", "-c", command]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = merged.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if isOutputAside { posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The child gets the usual actions back, which this process has changed for itself.
        var usual = sigset_t()
        sigemptyset(&usual)
        for number in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&usual, number) }
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var process: pid_t = 0
        let code = posix_spawn(&process, "/bin/sh", &actions, &attributes, &arguments, &variables)
        guard code == 0 else {
            throw CommandError(
                .child, "cannot start '\(command)': \(SystemError.text(code))", hint: "is there a /bin/sh?",
                recovery: .fixConfiguration)
        }
        return process
    }
}

import Basics
import FoundationEssentials
import Glibc

/// A service that a measurement starts as a process of its own, and ends.
struct BenchService: Sendable {
    private let process: pid_t

    /// Starts `command` by `/bin/sh`, with `environment` beside the variables of this process. Its standard
    /// output goes to standard error.
    init(_ command: String, environment: [String: String]) throws {
        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // The shell gives way to the service, so that signals reach it.
        let words = ["sh", "-c", "exec \(command)"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = merged.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
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
        self.process = process
    }

    /// Whether it has ended by itself.
    func hasEnded() -> Bool {
        var information = siginfo_t()
        // WNOWAIT leaves the status for `end`.
        let code = waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
        return code != 0 || information.si_signo != 0
    }

    /// Asks it to end, and kills it when it has not by `deadline`. Returns the processor time that it used.
    func end(by deadline: Duration) async -> Duration {
        kill(process, SIGTERM)
        let limit = ContinuousClock.now + deadline
        while !hasEnded(), ContinuousClock.now < limit {
            // A cancelled wait only ends the service sooner.
            try? await Task.sleep(for: .milliseconds(10))
        }
        kill(process, SIGKILL)
        var usage = rusage()
        var status: Int32 = 0
        while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
        let user = Duration.seconds(usage.ru_utime.tv_sec) + .microseconds(usage.ru_utime.tv_usec)
        return user + .seconds(usage.ru_stime.tv_sec) + .microseconds(usage.ru_stime.tv_usec)
    }

    // MARK: Words of a shell

    /// This program, as a shell takes it.
    static var ownCommand: String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        guard count > 0 else { return quoted(CommandLine.arguments.first ?? "modelcast") }
        return quoted(String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    /// `word` as one word of a shell.
    static func quoted(_ word: String) -> String {
        "'" + word.replacing("'", with: "'\\''") + "'"
    }
}

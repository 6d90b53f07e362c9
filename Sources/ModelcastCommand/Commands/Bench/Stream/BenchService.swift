import Basics
import FoundationEssentials
import Glibc

/// A service that a measurement starts as a process of its own, and ends. When this process is killed, the
/// service ends too, where setpriv(1) of util-linux is there.
struct BenchService: Sendable {
    private let process: pid_t
    /// The kernel takes the thread that made a process for its parent (PR_SET_PDEATHSIG(2const)), so that
    /// thread must last as long.
    private let parent = ThreadExecutor(name: "bench-service")

    /// Starts `command` by `/bin/sh`, with `environment` beside the variables of this process. Its standard
    /// output goes to standard error.
    init(_ command: String, environment: [String: String]) async throws {
        // Each shell gives way to what it starts, so that signals reach the service.
        let plain = "exec \(command)"
        let bound = "exec setpriv --pdeathsig TERM -- sh -c \(BenchService.quoted(plain))"
        let child = ChildProcess(
            command: "if command -v setpriv > /dev/null; then \(bound); else \(plain); fi",
            environment: environment, isOutputAside: true)
        process = try await parent.run { () throws in try child.start() }
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

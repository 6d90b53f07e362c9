import Foundation
import Glibc

/// Starts programs and waits for them by the system's own calls: Foundation's `Process` forgets the end of
/// some when many are started side by side.
enum Spawning {
    struct Failure: Error {
        let call: String
        let number: Int32
    }

    /// Starts a program in `folder` with its standard streams in files.
    static func start(
        _ words: [String], folder: String, files: (input: String, output: String, error: String),
        environment: [String: String]
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, files.input, O_RDONLY, 0)
        let writing = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 1, files.output, writing, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, files.error, writing, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // As a shell starts it: no signal is blocked or ignored.
        var none = sigset_t()
        var usual = sigset_t()
        sigemptyset(&none)
        sigemptyset(&usual)
        for number in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&usual, number) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        // The shell only changes the folder: the program takes its place, and its process number.
        let line = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder] + words
        var arguments: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, line[0], &actions, &attributes, &arguments, &variables)
        guard code == 0 else { throw Failure(call: "posix_spawn \(words[0])", number: code) }
        return process
    }

    /// Blocks until the process ends; its exit status, or the signal that ended it, negated.
    static func wait(_ process: Int32) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            if errno != EINTR { return .min }
        }
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : -signal
    }
}

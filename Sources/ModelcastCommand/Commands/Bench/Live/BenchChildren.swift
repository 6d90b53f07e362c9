import Basics
import Glibc

/// Processes of this program that print a line for each thing that happens to them; their lines are read
/// by one thread.
final class BenchChildren: Sendable {
    /// A line of a child.
    struct Line: Sendable {
        var child: Int
        var text: String
    }

    private struct Child {
        var process: pid_t
        var output: Int32
    }

    /// Lines of all children, in the order of their arrival; ends when all children have.
    let lines: AsyncStream<Line>
    private let processes: [pid_t]

    /// Starts `program`, by default this one, once with each of `words`.
    init(_ words: [[String]], program: String = "/proc/self/exe") throws {
        var children: [Child] = []
        do {
            for words in words { children.append(try BenchChildren.start(program, words)) }
        } catch {
            BenchChildren.end(children.map(\.process))
            throw error
        }
        processes = children.map(\.process)
        let (stream, continuation) = AsyncStream.makeStream(of: Line.self)
        lines = stream
        let outputs = children.map(\.output)
        Task {
            await ThreadExecutor(name: "bench-lines").run {
                BenchChildren.read(outputs) { continuation.yield($0) }
                continuation.finish()
            }
        }
    }

    /// Ends all children and waits for that.
    func end() async {
        await ThreadExecutor(name: "bench-end").run { [processes] in BenchChildren.end(processes) }
    }

    private static func end(_ processes: [pid_t]) {
        for process in processes { kill(process, SIGKILL) }
        for process in processes {
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
        }
    }

    private static func start(_ program: String, _ words: [String]) throws -> Child {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw failure("a pipe", errno) }
        // Both ends close by themselves in the children of later calls.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = ([program] + words).map { strdup($0) } + [nil]
        defer { for text in arguments { free(text) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, program, &actions, nil, &arguments, environ)
        close(ends[1])
        guard code == 0 else {
            close(ends[0])
            throw failure("a subscriber", code)
        }
        return Child(process: process, output: ends[0])
    }

    private static func failure(_ what: String, _ number: Int32) -> CommandError {
        CommandError(.child, "cannot make \(what): \(SystemError.text(number))", recovery: .retry)
    }

    /// Reads lines until every pipe is closed.
    private static func read(_ outputs: [Int32], _ yield: (Line) -> Void) {
        var waits = outputs.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var pending = [[UInt8]](repeating: [], count: outputs.count)
        var open = outputs.count
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while open > 0 {
            guard poll(&waits, nfds_t(waits.count), -1) > 0 else { continue }
            for child in waits.indices where waits[child].revents != 0 {
                let count = Glibc.read(waits[child].fd, &buffer, buffer.count)
                if count <= 0 {
                    close(waits[child].fd)
                    // poll(2) leaves out what is negative.
                    waits[child].fd = -1
                    open -= 1
                    continue
                }
                pending[child] += buffer[..<count]
                while let end = pending[child].firstIndex(of: UInt8(ascii: "\n")) {
                    yield(Line(child: child, text: String(decoding: pending[child][..<end], as: UTF8.self)))
                    pending[child].removeSubrange(...end)
                }
            }
        }
    }
}

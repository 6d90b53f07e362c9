import Foundation
import Synchronization

/// The peak memory of running programs, as the kernel keeps it for each (`VmHWM`), looked at again and again
/// until they end.
///
/// `ru_maxrss` would not do: it remembers the process that started the program.
final class MemoryWatch: Sendable {
    private struct State {
        var processes: [Int32: String] = [:]
        var peaks: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let loop = Mutex<Task<Void, Never>?>(nil)

    init() {
        let task = Task { [weak self] in
            while !Task.isCancelled {
                guard let self else { return }
                self.look()
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        loop.withLock { $0 = task }
    }

    deinit {
        loop.withLock { $0?.cancel() }
    }

    /// Watches `program`, which plays `role`.
    func add(_ program: RunningProgram, as role: String) {
        state.withLock { $0.processes[program.processIdentifier] = role }
    }

    /// The highest peak of any program of `role`, in bytes.
    func peak(of role: String) -> Int { state.withLock { $0.peaks[role] ?? 0 } }

    private func look() {
        let processes = state.withLock { $0.processes }
        for (process, role) in processes {
            guard let peak = Self.peak(of: process) else {
                state.withLock { $0.processes[process] = nil }
                continue
            }
            state.withLock { $0.peaks[role] = max($0.peaks[role] ?? 0, peak) }
        }
    }

    private static func peak(of process: Int32) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return kilobytes << 10
    }
}

import Foundation

/// The memory of another process over its life, from `/proc`.
struct MemoryTrace: Sendable {
    /// Resident memory at each look, in kilobytes.
    private(set) var resident: [Int] = []
    /// The most that it ever had resident, in kilobytes.
    private(set) var peak = 0

    /// Looks at the process until it ends.
    static func samples(of process: Int32) async -> MemoryTrace {
        var trace = MemoryTrace()
        while let (resident, peak) = look(at: process) {
            trace.resident.append(resident)
            trace.peak = max(peak, resident)
            try? await Task.sleep(for: .milliseconds(20))
            if Task.isCancelled { break }
        }
        return trace
    }

    private static func look(at process: Int32) -> (resident: Int, peak: Int)? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let resident = kilobytes("VmRSS:", in: status), let peak = kilobytes("VmHWM:", in: status)
        else { return nil }
        return (resident, peak)
    }

    private static func kilobytes(_ name: String, in status: String) -> Int? {
        status.split(separator: "\n").first { $0.hasPrefix(name) }
            .flatMap { Int($0.dropFirst(name.count).filter(\.isNumber)) }
    }
}

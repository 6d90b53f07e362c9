#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// What the process uses of its machine, under the names that Prometheus' own client libraries give it.
public enum ProcessMetrics {
    /// Adds memory, processor time, open files and the start time to a registry; each is read when the
    /// metrics are asked for.
    public static func register(in registry: MetricsRegistry) {
        registry.reading("process_resident_memory_bytes", help: "Resident memory size in bytes.") {
            residentBytes().map(Double.init)
        }
        registry.reading(
            "process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.",
            kind: .counter
        ) { cpuSeconds() }
        registry.reading("process_open_fds", help: "Number of open file descriptors.") {
            openDescriptors().map(Double.init)
        }
        registry.reading("process_max_fds", help: "Maximum number of open file descriptors.") {
            var limit = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
                return nil
            }
            return Double(limit.rlim_cur)
        }
        let start = Double(time(nil))
        registry.reading(
            "process_start_time_seconds", help: "Start time of the process since 1970 in seconds."
        ) { start }
    }

    /// Bytes of the process that are in memory; nil where `/proc` cannot be read.
    public static func residentBytes() -> Int? {
        guard let pages = readSmallFile("/proc/self/statm")?.split(separator: " ").dropFirst().first else {
            return nil
        }
        return Int(pages).map { $0 * Int(getpagesize()) }
    }

    /// Seconds of processor time, user and system.
    public static func cpuSeconds() -> Double? {
        var usage = rusage()
        guard unsafe getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return nil }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// Open file descriptors; nil where `/proc` cannot be read.
    public static func openDescriptors() -> Int? {
        guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // Not counted: ".", "..", and the descriptor that reads the directory.
        return count - 3
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    private static func readSmallFile(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe read(descriptor, bytes.baseAddress, bytes.count)
        }
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}

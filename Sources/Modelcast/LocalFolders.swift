internal import FoundationEssentials
internal import Glibc

/// Where this process keeps what it may lose: chunks that were fetched, and how far a publication came.
public struct LocalFolders: Sendable, Hashable {
    /// Chunks that were fetched; nil: none are kept.
    public var cache: String?
    /// Journals of publications; nil: a killed publisher sends everything again.
    public var journal: String?

    /// Folders of the caller's choice.
    public init(cache: String?, journal: String?) {
        self.cache = cache
        self.journal = journal
    }

    /// The user's own: `$MODELCAST_CACHE`, or `modelcast` in `$XDG_CACHE_HOME`, or in `~/.cache`; without a
    /// home, in the folder for temporary files.
    public static var standard: LocalFolders {
        let environment = ProcessInfo.processInfo.environment
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let root =
            value("MODELCAST_CACHE") ?? value("XDG_CACHE_HOME").map { "\($0)/modelcast" }
            ?? value("HOME").map { "\($0)/.cache/modelcast" } ?? "/tmp/modelcast-\(getuid())"
        return LocalFolders(cache: "\(root)/chunks", journal: "\(root)/publications")
    }

    /// Nothing is kept.
    public static let none = LocalFolders(cache: nil, journal: nil)
}

/// Who and where this process is.
enum ProcessIdentity {
    /// The machine's name.
    static var host: String { ProcessInfo.processInfo.hostName }
    /// The process's number.
    static var process: Int { Int(ProcessInfo.processInfo.processIdentifier) }
    /// `user@host`.
    static var author: String {
        let environment = ProcessInfo.processInfo.environment
        let user = environment["USER"] ?? environment["LOGNAME"] ?? "uid\(getuid())"
        return "\(user)@\(host)"
    }
}

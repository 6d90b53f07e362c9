internal import FoundationEssentials
internal import Glibc

/// The stable name of one running instance of a service on this host, held by a file lock.
///
/// Whoever starts without a name takes the first free slot (`HOST-1`, `HOST-2`, …). The kernel frees the slot
/// of a killed process, so its successor takes the same name, and with it the group membership and the
/// transactional ids of the dead one: the log fences what that left open instead of waiting for its session
/// to expire.
public struct InstanceSlot: Sendable {
    /// The name.
    public let name: String
    private let lock: FileLock?

    /// The most instances of one service on one host.
    public static let slotsMax = 1_024

    private init(name: String, lock: FileLock?) {
        self.name = name
        self.lock = lock
    }

    /// A name chosen by the user; nothing is locked, and a second process with the same name fences the
    /// first.
    public static func named(_ name: String) -> InstanceSlot {
        InstanceSlot(name: name, lock: nil)
    }

    /// Takes the first free slot of `service` (any text: it is hashed into the file's name) in `folder`.
    public static func firstFree(
        of service: String, in folder: String = InstanceSlot.defaultFolder
    ) throws -> InstanceSlot {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let tag = String(hash(service), radix: 16)
        let host = hostName()
        for number in 1...slotsMax {
            if let lock = try FileLock.tryAcquire("\(folder)/\(tag)-\(number).lock") {
                return InstanceSlot(name: "\(host)-\(number)", lock: lock)
            }
        }
        throw InstanceSlotError(service: service, folder: folder)
    }

    /// A folder of this user on this host: `$XDG_RUNTIME_DIR/modelcast`, else one in the folder for temporary
    /// files.
    public static var defaultFolder: String {
        let environment = ProcessInfo.processInfo.environment
        if let runtime = environment["XDG_RUNTIME_DIR"], !runtime.isEmpty { return "\(runtime)/modelcast" }
        return "\(environment["TMPDIR"] ?? "/tmp")/modelcast-\(getuid())"
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    private static func hostName() -> String {
        let name = ProcessInfo.processInfo.hostName
        let kept = name.prefix { $0 != "." }.filter {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
        }
        return kept.isEmpty ? "host" : String(kept)
    }
}

/// Every instance name of a service is taken on this host.
public struct InstanceSlotError: DescribedError {
    /// The service.
    public let service: String
    /// Where the locks are.
    public let folder: String

    public var codeName: String { "no-instance-slot" }
    public var message: String {
        "all \(InstanceSlot.slotsMax) instance names of \(service) are taken in \(folder)"
    }
    public var hint: String { "give this instance a name of its own" }
    public var recovery: Recovery { .fixConfiguration }
    public var cause: (any Error)? { nil }
}

public import Snapshots

/// The unique part of a catalog record's key: 1 to 64 of the characters `a–z 0–9 -`. This program makes 32
/// hexadecimal digits at random.
public struct ClaimID: Hashable, Sendable, CustomStringConvertible {
    /// The id as text.
    public let text: String

    /// Checks `text`; nil when it breaks the rule.
    public init?(_ text: some StringProtocol) {
        guard (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ (48...57).contains($0) || (97...122).contains($0) || $0 == 45 })
        else { return nil }
        self.text = String(text)
    }

    private init(unchecked text: String) {
        self.text = text
    }

    /// An id that nobody else makes: 128 random bits.
    public static func random() -> ClaimID {
        func digits() -> String {
            let text = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return ClaimID(unchecked: digits() + digits())
    }

    public var description: String { text }
}

/// The key of a catalog record.
public enum CatalogKey: Hashable, Sendable, CustomStringConvertible {
    /// `version/MODEL/CLAIM`: a claim of a version number, or its retirement.
    case version(ModelName, ClaimID)
    /// `alias/MODEL/ALIAS/CLAIM`: a claim of an alias revision.
    case alias(ModelName, AliasName, ClaimID)
    /// Another first part, such as `rollout`: a later writer's, skipped by this program.
    case other(String)

    /// Reads a key; nil when it is of a known kind and breaks its rule, or is no UTF-8.
    public init?(bytes: [UInt8]) {
        guard bytes.count <= 512, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch (parts.first, parts.count) {
        case ("version", 3):
            guard let model = try? ModelName(parts[1]), let claim = ClaimID(parts[2]) else { return nil }
            self = .version(model, claim)
        case ("alias", 4):
            guard let model = try? ModelName(parts[1]), let alias = try? AliasName(parts[2]),
                let claim = ClaimID(parts[3])
            else { return nil }
            self = .alias(model, alias, claim)
        case ("version", _), ("alias", _), (nil, _):
            return nil
        default:
            self = .other(text)
        }
    }

    public var description: String {
        switch self {
        case .version(let model, let claim): "version/\(model)/\(claim)"
        case .alias(let model, let alias, let claim): "alias/\(model)/\(alias)/\(claim)"
        case .other(let text): text
        }
    }

    /// The key's bytes.
    public var bytes: [UInt8] { Array(description.utf8) }
}

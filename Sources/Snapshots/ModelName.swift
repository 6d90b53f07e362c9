/// The name of a model: 1 to 128 of the characters `a–z A–Z 0–9 . _ -`, the first a letter or digit.
public struct ModelName: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name as text.
    public let text: String

    /// Checks `text`; throws `invalidName` saying what a name may be.
    public init(_ text: String) throws(SnapshotError) {
        guard NameRule.isName(text, bytesMax: 128) else {
            throw SnapshotError(
                .invalidName, "'\(text)' is no model name",
                hint:
                    "use 1 to 128 letters, digits, dots, underscores, hyphens; "
                    + "begin with one of the first two"
            )
        }
        self.text = text
    }

    /// A name written in the program. Traps when it breaks the rule.
    public init(stringLiteral text: String) {
        precondition(NameRule.isName(text, bytesMax: 128), "'\(text)' is no model name")
        self.text = text
    }

    public var description: String { text }

    public static func < (left: ModelName, right: ModelName) -> Bool { left.text < right.text }
}

/// The number of a model's version, from 1 to 2³¹ − 1.
public struct ModelVersion: Hashable, Comparable, Sendable, CustomStringConvertible,
    ExpressibleByIntegerLiteral
{
    /// The number.
    public let number: Int

    /// Version `number`; nil outside 1 ... 2³¹ − 1.
    public init?(_ number: Int) {
        guard (1...Int(Int32.max)).contains(number) else { return nil }
        self.number = number
    }

    /// A version written in the program. Traps outside the range.
    public init(integerLiteral number: Int) {
        precondition((1...Int(Int32.max)).contains(number), "\(number) is no version")
        self.number = number
    }

    /// The version that follows; nil after the last possible one.
    public var next: ModelVersion? { ModelVersion(number + 1) }

    public var description: String { String(number) }

    public static func < (left: ModelVersion, right: ModelVersion) -> Bool { left.number < right.number }
}

/// The rule that model and alias names share.
package enum NameRule {
    /// Whether `text` is 1 to `bytesMax` letters, digits, dots, underscores and hyphens, the first a letter
    /// or digit.
    package static func isName(_ text: String, bytesMax: Int) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= bytesMax, isAlphanumeric(first) else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: false
        }
    }
}

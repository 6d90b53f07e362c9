internal import Snapshots

/// The name of a pointer to a version: 1 to 64 of the characters `a–z A–Z 0–9 . _ -`, the first a letter,
/// and not of the shape `v7`, which would read like a version.
public struct AliasName: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// What `MODEL` alone means, where it exists.
    public static let production: AliasName = "production"

    /// The name as text.
    public let text: String

    /// Checks `text`; throws `invalidName` saying what a name may be.
    public init(_ text: String) throws(CatalogError) {
        guard AliasName.isValid(text) else {
            throw CatalogError(
                .invalidName, "'\(text)' is no alias name",
                hint: "use 1 to 64 letters, digits, dots, underscores, hyphens; begin with a letter; not 'v7'"
            )
        }
        self.text = text
    }

    /// A name written in the program. Traps when it breaks the rule.
    public init(stringLiteral text: String) {
        precondition(AliasName.isValid(text), "'\(text)' is no alias name")
        self.text = text
    }

    public var description: String { text }

    public static func < (left: AliasName, right: AliasName) -> Bool { left.text < right.text }

    private static func isValid(_ text: String) -> Bool {
        guard NameRule.isName(text, bytesMax: 64), let first = text.utf8.first, !(48...57).contains(first)
        else {
            return false
        }
        return
            !(first == 118 && text.utf8.count > 1
            && text.utf8.dropFirst().allSatisfy { (48...57).contains($0) })
    }
}

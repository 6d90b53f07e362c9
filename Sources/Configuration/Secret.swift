/// A password or key. It is never printed: whatever describes, dumps or interpolates it gets `<secret>`.
///
/// Only ``reveal()`` returns the text; call it where it is handed over, and keep the result nowhere.
public struct Secret: Sendable, Decodable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let text: String

    /// A secret that is known as text.
    public init(_ text: String) { self.text = text }

    /// A secret as a setting names it: the text itself, or `@/path` of a file whose content it is.
    ///
    /// One line feed at the file's end does not count. A text that begins with `@` itself is written with
    /// two.
    public init(
        setting: String, limits: ConfigurationLimits = ConfigurationLimits()
    ) throws(ConfigurationError) {
        if setting.hasPrefix("@@") {
            text = String(setting.dropFirst())
        } else if setting.hasPrefix("@") {
            text = try FileText.read(String(setting.dropFirst()), bytesMax: limits.secretBytesMax)
        } else {
            text = setting
        }
    }

    /// Reads a setting, `@/path` included.
    public init(from decoder: any Decoder) throws {
        try self.init(setting: decoder.singleValueContainer().decode(String.self))
    }

    /// The text itself.
    public func reveal() -> String { text }

    /// Whether the text is empty.
    public var isEmpty: Bool { text.isEmpty }

    /// `<secret>`.
    public var description: String { "<secret>" }

    /// `<secret>`.
    public var debugDescription: String { "<secret>" }

    /// Shows nothing of the text.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The text of a file that holds one value.
enum FileText {
    static func read(_ path: String, bytesMax: Int) throws(ConfigurationError) -> String {
        let bytes = try FileBytes.read(path, bytesMax: bytesMax)
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(
                .unreadable, "\(path) is not UTF-8 text", hint: "Is this the right file?")
        }
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}

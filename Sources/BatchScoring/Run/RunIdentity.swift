internal import Crypto

/// What makes two `batch run` commands the same run: then the second goes on where the first was killed.
public struct RunIdentity: Sendable, Hashable {
    /// The model's name.
    public var model: String
    /// Its version.
    public var version: Int
    /// The digest of the version's files.
    public var modelDigest: String
    /// The digest of the input's bytes; where the file lies does not matter.
    public var inputDigest: String
    /// The column whose text is the entity.
    public var keyColumn: String
    /// How the input is read: its format, and whether its first row is a header.
    public var reading: String

    /// An identity.
    public init(
        model: String, version: Int, modelDigest: String, inputDigest: String, keyColumn: String,
        reading: String
    ) {
        self.model = model
        self.version = version
        self.modelDigest = modelDigest
        self.inputDigest = inputDigest
        self.keyColumn = keyColumn
        self.reading = reading
    }

    /// The run's name: 16 hexadecimal digits of the identity's SHA-256.
    public var run: String {
        var bytes: [UInt8] = []
        for part in [model, String(version), modelDigest, inputDigest, keyColumn, reading] {
            // Each part with its length, so that no two identities give the same bytes.
            bytes.append(contentsOf: "\(part.utf8.count):".utf8)
            bytes.append(contentsOf: part.utf8)
        }
        return String(Digest(of: bytes).hex.prefix(16))
    }
}

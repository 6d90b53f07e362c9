package import Basics

extension JSONValue {
    /// An object whose members stand in the order of the UTF-8 bytes of their names, as every record of ours
    /// has them.
    package init(sorting members: [String: JSONValue]) {
        self = .object(
            members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
                Member($0.key, $0.value)
            })
    }

    /// Reads a record's value within `limits`; errors are `malformed` and name `document`.
    package init(
        record bytes: [UInt8], of document: String, limits: SnapshotLimits
    ) throws(SnapshotError) {
        guard bytes.count <= limits.manifestBytesMax else {
            throw SnapshotError(
                .limit, "\(document) of \(bytes.count) bytes; at most \(limits.manifestBytesMax) are allowed")
        }
        try self.init(bounded: bytes, of: document, limits: limits)
    }

    /// Reads bytes that the caller has bounded.
    init(bounded bytes: [UInt8], of document: String, limits: SnapshotLimits) throws(SnapshotError) {
        do throws(JSONError) {
            self = try JSONValue(
                parsing: bytes.span,
                limits: Limits(depthMax: limits.depthMax, valuesMax: max(64, bytes.count)))
        } catch {
            throw SnapshotError(.malformed, "\(document): \(error.message)", cause: error)
        }
    }
}

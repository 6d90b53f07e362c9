internal import Crypto
package import EventLog

/// The digest that travels with every JSON record of the catalog, audit and fleet topics, in a header: a
/// value that was altered on its way or on a disk is refused before one byte of it is parsed.
///
/// It is the SHA-256 of the key's bytes, one zero byte and the value's bytes. The key is covered, so that a
/// record cannot be moved under another one. Tombstones have none: an altered one names a claim that nobody
/// has.
extension Record {
    /// The header's name.
    package static let digestHeader = "modelcast-digest"

    /// The record with its digest, in place of one that it may have had.
    package func withDigest() -> Record {
        guard value != nil else { return self }
        var record = self
        record.headers.removeAll { $0.name == Record.digestHeader }
        record.headers.append(Header(Record.digestHeader, digestOfKeyAndValue.bytes))
        return record
    }

    /// Throws `damaged` unless the record is a tombstone, or has its digest and is what was written.
    package func checkDigest() throws(CatalogError) {
        guard value != nil else { return }
        guard let header = headers.last(where: { $0.name == Record.digestHeader }) else {
            throw CatalogError(
                .damaged, "the record has no header '\(Record.digestHeader)'",
                hint: "write it as docs/wire-format.md says, section 1")
        }
        guard header.value == digestOfKeyAndValue.bytes else {
            throw CatalogError(
                .damaged, "the record was altered: its key and value do not have the digest of its header",
                hint: "check the log's disks and network, then write it again")
        }
    }

    private var digestOfKeyAndValue: Digest {
        var hasher = SHA256Hasher()
        let parts: [[UInt8]] = [key ?? [], [0], value ?? []]
        for part in parts { hasher.update(part.span) }
        return hasher.finish()
    }
}

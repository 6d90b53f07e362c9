internal import Crypto
internal import Tabular

/// The SHA-256 of a file's bytes, and how many they are.
struct InputDigest: Equatable {
    let hex: String
    let bytes: Int

    /// Reads the file at `path` to its end.
    static func of(_ path: String) throws(BatchError) -> InputDigest {
        let tap = Tap()
        try wrapping(.file) {
            let source = try ByteSource(path: path)
            source.tap = tap.take
            try source.drain()
        }
        return tap.finish()
    }

    /// Computes the digest of bytes as they are read. Confined to the reader's thread.
    final class Tap {
        private var hasher: SHA256Hasher? = SHA256Hasher()
        private var bytes = 0

        func take(_ slice: ArraySlice<UInt8>) {
            bytes += slice.count
            hasher?.update(slice.span)
        }

        /// The digest of everything read; to be called once.
        func finish() -> InputDigest {
            guard var complete = self.hasher.take() else {
                preconditionFailure("the digest was taken already")
            }
            return InputDigest(hex: complete.finish().hex, bytes: bytes)
        }
    }
}

internal import Basics
internal import CCrypto

/// Computes a SHA-256 digest from bytes that come in parts. Owns a C context; confined to one task at a time.
@safe public struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer

    /// A hasher that has seen no bytes.
    public init() {
        guard let context = unsafe EVP_MD_CTX_new() else {
            preconditionFailure("libcrypto: no memory for a digest context")
        }
        unsafe self.context = context
        begin()
    }

    private func begin() {
        let code = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
        precondition(code == 1, "libcrypto offers no SHA-256")
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    /// Takes the next bytes in.
    public mutating func update(_ bytes: Span<UInt8>) {
        let code = unsafe bytes.withUnsafeBufferPointer { source in
            unsafe EVP_DigestUpdate(context, source.baseAddress, source.count)
        }
        precondition(code == 1, "libcrypto refused \(bytes.count) bytes")
    }

    /// The digest of everything taken in; the hasher then begins anew.
    public mutating func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: Digest.byteCount)
        let code = unsafe EVP_DigestFinal_ex(context, &bytes, nil)
        begin()
        guard code == 1, let digest = Digest(bytes: bytes) else {
            preconditionFailure("libcrypto did not finish a digest")
        }
        return digest
    }
}

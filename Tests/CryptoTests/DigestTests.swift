import Crypto
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4's examples and the empty text.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func knownDigests(text: String, hex: String) {
        #expect(Digest(of: Array(text.utf8)).hex == hex)
        #expect(Digest(hex: hex) == Digest(of: Array(text.utf8)))
    }

    @Test func partsGiveTheDigestOfTheWholeAndTheHasherBeginsAnew() {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
        var hasher = SHA256Hasher()
        for _ in 0..<2 {
            var at = 0
            while at < bytes.count {
                let end = min(bytes.count, at + 333)
                hasher.update(bytes.span.extracting(at..<end))
                at = end
            }
            #expect(hasher.finish() == Digest(of: bytes))
        }
    }

    @Test func onlyWholeDigestsAreTaken() {
        let digest = Digest(of: [1, 2, 3])
        #expect(Digest(bytes: digest.bytes) == digest)
        #expect(Digest(bytes: digest.bytes.dropLast()) == nil)
        #expect(Digest(bytes: digest.bytes + [0]) == nil)
        #expect(Digest(hex: digest.hex.uppercased()) == nil)
        #expect(Digest(hex: String(digest.hex.dropLast())) == nil)
        #expect(Digest(hex: "g" + digest.hex.dropFirst()) == nil)
    }

    @Test func orderAndPrefixAreThoseOfTheBytes() throws {
        var low = [UInt8](repeating: 0, count: 32)
        var high = low
        low[31] = 255
        high[0] = 1
        let first = try #require(Digest(bytes: low))
        let second = try #require(Digest(bytes: high))
        #expect(first < second)
        #expect(second.prefix == 1 << 24)
    }
}

internal import Crypto

/// The part of the data that a row belongs to.
public enum DataPart: String, Sendable, CaseIterable {
    /// Rows that models are fitted to.
    case train
    /// Rows that choose among models and stop boosting.
    case validation
    /// Rows that nothing is fitted to: what is reported.
    case test
}

/// Divides rows by a hash of their content, so that a row (and its copies) is in the same part in every run,
/// on every machine, in whatever order the rows stand, and however many are added.
///
/// The number of a row is the first eight bytes, big-endian, of the SHA-256 of `SEED:KEY`, divided by 2^64;
/// KEY is the text of the key column, or else the row's bytes as they stand in the file without the line end.
/// In Python:
///
/// ```python
/// u = int.from_bytes(hashlib.sha256(f"{seed}:".encode() + row).digest()[:8], "big") / 2**64
/// part = "train" if u < 0.8 else "validation" if u < 0.8 + 0.1 else "test"
/// ```
public struct Split: Sendable, Hashable {
    /// The share of rows to train on, in 0 ... 1.
    public var train: Double
    /// The share of rows to choose by; the rest is the test part.
    public var validation: Double
    /// Gives another division of the same rows.
    public var seed: UInt64

    /// A division; the shares are 0.8, 0.1 and (the rest) 0.1 unless given.
    public init(train: Double = 0.8, validation: Double = 0.1, seed: UInt64 = 1) {
        self.train = train
        self.validation = validation
        self.seed = seed
    }

    /// The part of a row whose number is `unit`.
    public func part(_ unit: Double) -> DataPart {
        if unit < train { return .train }
        return unit < train + validation ? .validation : .test
    }

    /// The part of the row with this key.
    public func part(key: Span<UInt8>) -> DataPart {
        part(unit(key: key))
    }

    /// The number in 0 ..< 1 of the row with this key.
    func unit(key: Span<UInt8>) -> Double {
        var hasher = SHA256Hasher()
        let prefix = Array("\(seed):".utf8)
        hasher.update(prefix.span)
        hasher.update(key)
        let digest = hasher.finish()
        let word = digest.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Double(word) * 0x1p-64
    }

    func check() throws(TrainingError) {
        guard train > 0, validation >= 0, train + validation < 1 else {
            throw TrainingError(
                .request, "the split \(train)/\(validation) leaves nothing to train on or to test on",
                hint: "give shares such as 0.8 and 0.1, whose sum is below 1")
        }
    }
}

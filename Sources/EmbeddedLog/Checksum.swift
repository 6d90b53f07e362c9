internal import Basics

/// A 64-bit sum of stored bytes, which any single damaged word changes: each step is a bijection of the sum
/// so far and, for a given sum, of the word. Against damage, not against forgery.
struct Checksum {
    private(set) var value: UInt64 = 0x9e37_79b9_7f4a_7c15

    /// Takes in `bytes`, then how many they were.
    mutating func add(_ bytes: Span<UInt8>) {
        let raw = unsafe bytes.bytes
        let whole = raw.byteCount & ~7
        var sum = value
        var index = 0
        while index < whole {
            // In bounds: `index + 8 <= whole <= byteCount`.
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            sum = Checksum.step(sum, UInt64(littleEndian: word))
            index += 8
        }
        var rest: UInt64 = 0
        while index < raw.byteCount {
            rest = rest << 8 | UInt64(bytes[index])
            index += 1
        }
        value = Checksum.step(Checksum.step(sum, rest), UInt64(bytes.count))
    }

    /// Takes in a number.
    mutating func add(_ number: Int64) {
        value = Checksum.step(value, UInt64(bitPattern: number))
    }

    /// The sum as SQLite stores it.
    var stored: Int64 { Int64(bitPattern: SeededRandom.finalise(value)) }

    @inline(__always)
    private static func step(_ sum: UInt64, _ word: UInt64) -> UInt64 {
        let mixed = (sum ^ word) &* 0xff51_afd7_ed55_8ccd
        return mixed << 31 | mixed >> 33
    }
}

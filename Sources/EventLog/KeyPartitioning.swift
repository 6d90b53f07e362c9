/// Which partition a key belongs to: Kafka's default rule (murmur2 of the key, without its sign bit, modulo
/// the number of partitions), so that every engine sends a key to the same partition.
///
/// Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2` and `BuiltInPartitioner`.
package enum KeyPartitioning {
    /// The partition of `key` among `count`.
    package static func partition(key: Span<UInt8>, count: Int32) -> Partition {
        precondition(count > 0, "a topic has at least one partition, not \(count)")
        return Partition(Int32(truncatingIfNeeded: murmur2(key) & 0x7fff_ffff) % count)
    }

    /// Austin Appleby's MurmurHash2 of 32 bits with Kafka's seed.
    package static func murmur2(_ bytes: Span<UInt8>) -> UInt32 {
        let multiplier: UInt32 = 0x5bd1_e995
        var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
        let whole = bytes.count & ~3
        var index = 0
        while index < whole {
            var word =
                UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
                | UInt32(bytes[index + 3]) << 24
            word &*= multiplier
            word ^= word >> 24
            word &*= multiplier
            hash &*= multiplier
            hash ^= word
            index += 4
        }
        let rest = bytes.count - whole
        if rest == 3 { hash ^= UInt32(bytes[whole + 2]) << 16 }
        if rest >= 2 { hash ^= UInt32(bytes[whole + 1]) << 8 }
        if rest >= 1 {
            hash ^= UInt32(bytes[whole])
            hash &*= multiplier
        }
        hash ^= hash >> 13
        hash &*= multiplier
        return hash ^ (hash >> 15)
    }
}

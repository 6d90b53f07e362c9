internal import Synchronization

/// A Double that several threads change without a lock. Relaxed: a number on its own, which orders nothing
/// else.
struct AtomicDouble: ~Copyable {
    private let bits = Atomic<UInt64>(0)

    init(_ value: Double = 0) { store(value) }

    func load() -> Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func store(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let wanted = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(
                expected: current, desired: wanted, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}

internal import Snapshots

/// The versions that a process could not bring live: refused ones are not tried again, late ones after a
/// delay that doubles.
struct FailedVersions: Sendable, Hashable {
    typealias Target = SubscriptionMachine.Target

    /// Versions that are remembered; the oldest refusals are forgotten first.
    static let refusalsMax = 1_000
    /// The first delay, and the longest.
    static let delayMin = Duration.milliseconds(200)
    static let delayMax = Duration.seconds(30)

    private var refused: Set<Target> = []
    private var order: [Target] = []
    private var late: [Target: Int] = [:]

    /// Nothing has failed.
    init() {}

    /// Whether the version was refused.
    func isRefused(_ target: Target) -> Bool { refused.contains(target) }

    /// Remembers that the version is refused.
    mutating func refuse(_ target: Target) {
        late[target] = nil
        guard refused.insert(target).inserted else { return }
        order.append(target)
        if order.count > FailedVersions.refusalsMax { refused.remove(order.removeFirst()) }
    }

    /// How long to wait before the next try of a version that is late once more.
    mutating func delay(_ target: Target) -> Duration {
        let count = late[target, default: 0]
        if late.count >= FailedVersions.refusalsMax, count == 0 { late = [:] }
        late[target] = count + 1
        return min(FailedVersions.delayMax, FailedVersions.delayMin * (1 << min(count, 10)))
    }

    /// The version is live.
    mutating func forget(_ target: Target) {
        late[target] = nil
    }
}

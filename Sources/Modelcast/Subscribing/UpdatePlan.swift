/// What to fetch: a pure function of what runs, what is wanted, what is under way and what has failed.
enum UpdatePlan: Sendable, Hashable {
    typealias Target = SubscriptionMachine.Target

    /// Leave the work that is under way alone.
    case goOn
    /// Keep what runs; stop any work.
    case stay
    /// Stop any other work and fetch this version, whole.
    case fetch(Target)

    /// The next step towards `wanted`. A version that was refused is not fetched again.
    static func next(
        running: Target?, wanted: Target?, working: Target?, refused: (Target) -> Bool
    ) -> UpdatePlan {
        guard let wanted, wanted != running, !refused(wanted) else { return .stay }
        return working == wanted ? .goOn : .fetch(wanted)
    }
}

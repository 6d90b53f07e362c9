import Crypto
import Snapshots
import Testing

@testable import Modelcast

@Suite struct MachineTests {
    private typealias Target = SubscriptionMachine.Target

    private static func target(_ version: ModelVersion) -> Target {
        Target(version: version, digest: Digest(of: [UInt8(version.number)]))
    }

    /// What a driver that obeys would have seen, beside the machine.
    private struct World: Hashable {
        var machine = SubscriptionMachine()
        var live: Target?
        var steps: [Int: String] = [:]
        var targets: [Int: Target] = [:]
        var refused: Set<Target> = []
        var cancelled: Set<Int> = []

        /// Takes an event; returns what was wrong with the actions.
        mutating func take(_ event: SubscriptionMachine.Event) -> String? {
            let before = live
            for action in machine.handle(event) {
                switch action {
                case .fetch(let target, let attempt):
                    if refused.contains(target) { return "a refused version is fetched again" }
                    if target != machine.wanted { return "a version is fetched that nobody wants" }
                    if target == live { return "what runs is fetched" }
                    targets[attempt] = target
                    steps[attempt] = "fetch"
                case .verify(let attempt):
                    if steps[attempt] != "fetch" || cancelled.contains(attempt) {
                        return "verify without fetch"
                    }
                    steps[attempt] = "verify"
                case .warm(let attempt):
                    if steps[attempt] != "verify" || cancelled.contains(attempt) {
                        return "warm without verify"
                    }
                    steps[attempt] = "warm"
                case .activate(let target, let attempt):
                    if steps[attempt] != "warm" || cancelled.contains(attempt) || targets[attempt] != target {
                        return "a version is live that did not pass every step"
                    }
                    if target != machine.wanted { return "a version is live that nobody wants" }
                    live = target
                case .cancel(let attempt): cancelled.insert(attempt)
                case .refuse(let target, _): refused.insert(target)
                case .retry: break
                }
            }
            if live != machine.running {
                return "the machine believes that \(String(describing: machine.running)) runs"
            }
            if live != before, !["warmed"].contains(where: { "\(event)".hasPrefix($0) }) {
                return "a swap out of turn"
            }
            if machine.phase == .live, machine.running == nil { return "live without a model" }
            return nil
        }
    }

    /// Every sequence of eight events, over three versions, with answers to present and to stale attempts.
    @Test func noOrderOfEventsBringsAnUncheckedVersionLive() {
        var worlds: Set<World> = [World()]
        var seen: Set<World> = worlds
        var lives = 0
        var refusals = 0
        for _ in 0..<8 {
            var next: Set<World> = []
            for world in worlds {
                for event in events(world) {
                    var copy = world
                    if let failure = copy.take(event) {
                        Issue.record("\(event): \(failure)")
                        return
                    }
                    if copy.live != world.live { lives += 1 }
                    if copy.refused != world.refused { refusals += 1 }
                    if seen.insert(copy).inserted { next.insert(copy) }
                }
            }
            worlds = next
        }
        #expect(lives > 20 && refusals > 20 && seen.count > 1_000, "\(lives) \(refusals) \(seen.count)")
    }

    private func events(_ world: World) -> [SubscriptionMachine.Event] {
        var events: [SubscriptionMachine.Event] = [
            .wanted(nil), .wanted(Self.target(1)), .wanted(Self.target(2)),
        ]
        let newest = world.targets.keys.max() ?? 0
        // A long history of attempts adds nothing but states.
        guard newest < 4 else { return events }
        for attempt in Set([newest, newest - 1]) where attempt > 0 {
            events += [
                .fetched(attempt), .verified(attempt), .warmed(attempt), .failed(attempt, passes: true),
                .failed(attempt, passes: false), .retryDue(attempt),
            ]
        }
        return events
    }

    @Test func delaysDoubleAndARefusalIsForGood() {
        var failed = FailedVersions()
        let target = Self.target(1)
        let delays = (0..<12).map { _ in failed.delay(target) }
        #expect(
            delays.prefix(4) == [
                .milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1_600),
            ])
        #expect(delays.last == .seconds(30))
        failed.refuse(target)
        #expect(failed.isRefused(target) && !failed.isRefused(Self.target(2)))
        #expect(
            !failed.isRefused(Target(version: 1, digest: Digest(of: [77]))),
            "the same number with other bytes")
    }

    @Test func thePlanFetchesWhatIsWantedAndNothingElse() {
        let one = Self.target(1)
        let two = Self.target(2)
        let none: (SubscriptionMachine.Target) -> Bool = { _ in false }
        #expect(UpdatePlan.next(running: nil, wanted: nil, working: nil, refused: none) == .stay)
        #expect(UpdatePlan.next(running: nil, wanted: one, working: nil, refused: none) == .fetch(one))
        #expect(UpdatePlan.next(running: one, wanted: one, working: two, refused: none) == .stay)
        #expect(UpdatePlan.next(running: one, wanted: two, working: two, refused: none) == .goOn)
        #expect(UpdatePlan.next(running: one, wanted: two, working: nil, refused: { $0 == two }) == .stay)
        #expect(UpdatePlan.next(running: one, wanted: nil, working: two, refused: none) == .stay)
    }

    /// Guarantee 1's order, over every sequence of up to nine events.
    @Test(arguments: [false, true]) func nothingIsClaimedBeforeItWasValidatedSentAndChecked(hasAlias: Bool) {
        struct State: Hashable {
            var machine: PublicationMachine
            var done: Set<PublicationMachine.Event> = []
        }
        var states: Set<State> = [State(machine: PublicationMachine(hasAlias: hasAlias))]
        var claims = 0
        for _ in 0..<9 {
            var next: Set<State> = []
            for state in states {
                for event in PublicationMachine.Event.allCases {
                    var copy = state
                    let actions = copy.machine.handle(event)
                    if copy.machine != state.machine { copy.done.insert(event) }
                    if actions.contains(.claim) {
                        claims += 1
                        #expect(copy.done.isSuperset(of: [.validated, .described, .checked]))
                    }
                    if actions.contains(.promote) { #expect(hasAlias && copy.done.contains(.claimed)) }
                    if state.done.contains(.failure) { #expect(actions.isEmpty) }
                    next.insert(copy)
                }
            }
            states = next
        }
        #expect(claims > 0)
        #expect(states.contains { $0.machine.phase == .done })
    }
}
